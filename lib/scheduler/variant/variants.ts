/** The table of kinds. */
import type { Variants } from "../board.ts";
import { bundle } from "./bundle.ts";
import { clone } from "./clone.ts";
import { group } from "./group.ts";
import { primitive } from "./primitive.ts";

export const variants: Variants = { primitive, group, clone, bundle };
