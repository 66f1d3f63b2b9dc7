import { findRedis } from "../../lab/redis/find.ts";
import { playRealRedis } from "./real-redis-stage.ts";
import { describeRedis } from "./redis-suite.ts";

const binary = await findRedis();
const name = `${binary.kind} ${binary.version}`;
const play = playRealRedis(binary);

describeRedis(name, play);
