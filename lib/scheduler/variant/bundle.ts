/** bundles */
import { group } from "./group.ts";
import type { Variant } from "./variant.ts";

export const bundle: Variant = { ...group };
