/**
 * Node's modules, loaded by those who call them: to load one takes longer than a small tool runs, so whatever every tool
 * imports asks here at the moment of use.
 */

export const nodeFs = () => process.getBuiltinModule("node:fs");
export const nodeOs = () => process.getBuiltinModule("node:os");
export const nodePath = () => process.getBuiltinModule("node:path");
