import { expect, test } from "@jest/globals";
import { gatherReads, type Key, type Readers } from "../../lib/adapters/dynamo-gather.ts";
import { failure, success } from "../../lib/ports/errors.ts";

const key = (sk: string): Key => ({ pk: "STATE", sk });
const itemOf = ({ sk }: Key) => success({ sk: { S: sk } });

/** Which requests there were, by their keys. */
function gathering(many: Readers["many"] = async (keys) => keys.map(itemOf)) {
  const requests: string[] = [];
  const get = gatherReads({
    one: async (wanted) => {
      requests.push(wanted.sk);
      return itemOf(wanted);
    },
    many: (keys) => {
      requests.push(keys.map(({ sk }) => sk).join("+"));
      return many(keys);
    },
  });
  return { get, requests };
}

test("reads of one turn are one request, and each gets its own item", async () => {
  const { get, requests } = gathering();
  const got = await Promise.all([get(key("a")), get(key("b")), get(key("c"))]);

  expect(requests).toEqual(["a+b+c"]);
  expect(got).toEqual([itemOf(key("a")), itemOf(key("b")), itemOf(key("c"))]);
});

test("a read that comes alone is sent alone", async () => {
  const { get, requests } = gathering();
  await get(key("a"));
  await get(key("b"));
  expect(requests).toEqual(["a", "b"]);
});

test("an item that two ask for is asked for once", async () => {
  const { get, requests } = gathering();
  const got = await Promise.all([get(key("a")), get(key("b")), get(key("a"))]);

  expect(requests).toEqual(["a+b"]);
  expect(got.map((one) => one.ok && one.value?.sk?.S)).toEqual(["a", "b", "a"]);
  await Promise.all([get(key("c")), get(key("c"))]);
  expect(requests).toEqual(["a+b", "c"]);
});

test("what fails for one item fails for nobody else", async () => {
  const late = failure("throttled", "b was not processed");
  const { get } = gathering(async (keys) =>
    keys.map((one) => (one.sk === "b" ? late : itemOf(one))),
  );
  expect(await Promise.all([get(key("a")), get(key("b"))])).toEqual([itemOf(key("a")), late]);
});

test("no request has more items than BatchGetItem takes", async () => {
  const { get, requests } = gathering();
  await Promise.all(Array.from({ length: 101 }, (_, index) => get(key(`${index}`))));
  expect(requests.map((one) => one.split("+").length)).toEqual([100, 1]);
});
