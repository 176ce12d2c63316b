/** The only program entry: runs the tool it was called as, prints what that returns and exits. */
import { commandLine } from "../lib/runtime/command-line.ts";
import { writeAndExit } from "../lib/runtime/output.ts";
import { dispatch } from "./dispatch.ts";

const { called, args } = commandLine();
writeAndExit(await dispatch(called, args));
