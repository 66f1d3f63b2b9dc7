import { findRedis } from "../../lab/redis/find.ts";
import { describeProbes } from "./probe-suite.ts";
import { playRealRedis } from "./real-redis-stage.ts";

const binary = await findRedis();
const name = `${binary.kind} ${binary.version}`;
const play = playRealRedis(binary);

describeProbes(name, play);
