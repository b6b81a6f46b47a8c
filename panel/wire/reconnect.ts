/** How both kinds of socket come back: for ever, soon, and never more than two seconds apart. */
export const RECONNECT = {
  reconnection: true,
  reconnectionAttempts: Number.POSITIVE_INFINITY,
  reconnectionDelay: 400,
  reconnectionDelayMax: 2_000,
  timeout: 4_000,
  // WebSocket first; where something between us and the controller forbids it, long polling still works.
  transports: ['websocket', 'polling'],
  tryAllTransports: true,
};
