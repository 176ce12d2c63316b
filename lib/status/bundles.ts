/** Bundles (spec/scheduler-2 section 14). */
import type { Bundle } from "../cib/model.ts";
import type { Reader } from "./reader.ts";
import type { ResourceState } from "./state.ts";

export function unpackBundle(_reader: Reader, _resource: ResourceState, _config: Bundle): boolean {
  return false;
}
