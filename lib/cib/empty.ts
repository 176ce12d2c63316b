/** The CIB of a cluster without history (spec/outputs-and-tools.md D1.1). */
import { element } from "../xml/node.ts";
import { type CibDoc, cibDoc } from "./document.ts";
import { OUR_FEATURE_SET, OUR_SCHEMA } from "./schema.ts";

/** Options of an empty CIB. */
export interface EmptyCibOptions {
  readonly schema?: string;
  readonly featureSet?: string;
  /** Default 1 (crm_shadow begins with 0). */
  readonly epoch?: number;
}

/** The CIB of a cluster without history, as `cibadmin --empty` prints it. */
export function emptyCib(options: EmptyCibOptions = {}): CibDoc {
  const configuration = ["crm_config", "nodes", "resources", "constraints"].map((name) =>
    element(name),
  );
  return cibDoc(
    element(
      "cib",
      {
        crm_feature_set: options.featureSet ?? OUR_FEATURE_SET,
        "validate-with": options.schema ?? OUR_SCHEMA,
        admin_epoch: "0",
        epoch: String(options.epoch ?? 1),
        num_updates: "0",
      },
      [element("configuration", {}, configuration), element("status")],
    ),
  );
}
