/** Reload, restart, secrets: what agents of both versions of the API say (spec/runtime.md 3.11). */
import { expect, test } from "bun:test";
import { readTraits } from "../../../lib/ocf/traits.ts";

function agent(version: string, parameters: string, actions: readonly string[]): string {
  const words = actions.map((name) => `<action name="${name}"/>`).join("");
  return `<resource-agent name="x">${version}<parameters>${parameters}</parameters><actions>${words}</actions></resource-agent>`;
}

const PARAMETERS =
  '<parameter name="state" unique="1"/><parameter name="passwd"/><parameter name="fake" reloadable="1"/>';

test("OCF 1.1: what is not reloadable needs a restart, in reverse order", () => {
  const text = agent("<version>1.1</version>", PARAMETERS, ["start", "reload-agent", "reload"]);
  expect(readTraits(text, "x")).toEqual({
    reload: "reload-agent",
    restart: ["passwd", "state"],
    secret: ["passwd"],
  });
});

test("before 1.1: what is unique needs a restart, and the word is reload", () => {
  const text = agent("", PARAMETERS, ["start", "reload"]);
  expect(readTraits(text, "x")).toMatchObject({ reload: "reload", restart: ["state"] });
  expect(readTraits(agent("", PARAMETERS, ["start", "reload-agent"]), "x").reload).toBeUndefined();
});

test("marked parameters are the secrets, and only they", () => {
  const text = agent(
    "<version>1.1</version>",
    '<parameter name="key" private="1"/><parameter name="user"/>',
    [],
  );
  expect(readTraits(text, "x")).toEqual({
    reload: undefined,
    restart: ["user", "key"],
    secret: ["key"],
  });
});

test("what is no XML is refused", () => {
  expect(() => readTraits("usage: x", "x")).toThrow("meta-data of x");
});
