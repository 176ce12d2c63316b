/** What may follow a failed operation: the words of `on-fail`, for the validator's table and for the help of operations. */
export const ON_FAIL = [
  "ignore",
  "block",
  "demote",
  "stop",
  "restart",
  "standby",
  "fence",
  "restart-container",
] as const;
