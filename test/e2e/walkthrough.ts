/**
 * seed/walkthrough.txt with seed/errata.md as ONE list of steps: walkthrough.test.ts checks it, demo.ts tells it. Nothing
 * here knows how a step is played.
 */
import type { Block } from "./story.ts";
import { move, remove, stonith, vip } from "./walkthrough/address.ts";
import { configure, help, logs, start, verify } from "./walkthrough/cluster.ts";
import { colocation, order, test, webip, webserver } from "./walkthrough/service.ts";

/** The whole page, in its order. */
export const walkthrough: readonly Block[] = [
  configure,
  start,
  logs,
  verify,
  help,
  stonith,
  vip,
  move,
  remove,
  webip,
  webserver,
  colocation,
  order,
  test,
];
