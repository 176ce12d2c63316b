/** The control file of libqb's socket type, as server and client see it. */

/** {i32 sent, i32 flow control} of the request, response and event channel. */
export const CONTROL_FILE_BYTES = 24;
/** Word indexes into the control file. */
export const CONTROL_WORD = {
  requestSent: 0,
  requestFlow: 1,
  responseSent: 2,
  eventSent: 4,
} as const;
