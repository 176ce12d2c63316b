/** The version every tool prints; package.json is its source. */
import manifest from "../package.json";

export const VERSION: string = manifest.version;
