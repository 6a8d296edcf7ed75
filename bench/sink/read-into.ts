import { Socket } from 'node:net';

const BUFFER = 2 ** 20;

/**
 * Reads a server's connection into one buffer that is used again. Node offers that (`onread`) for sockets that a client
 * makes; so a socket is made anew around the connection's handle. Where there is none to be had, or TLS is spoken over
 * it, the connection is read as all others are.
 *
 * @param onBytes is called with bytes that are overwritten after the call
 * @returns what to write to
 */
export function readInto(connection: Socket, onBytes: (bytes: Uint8Array) => void): Socket {
  const handle: unknown = Reflect.get(connection, '_handle');
  if (Reflect.has(connection, 'encrypted') || handle === null || typeof handle !== 'object') {
    return connection.on('data', onBytes);
  }
  connection.pause();
  const buffer = Buffer.allocUnsafeSlow(BUFFER);
  const onread = {
    buffer,
    callback: (length: number) => {
      onBytes(buffer.subarray(0, length));
      return true;
    },
  };
  const options: object = { handle, onread, allowHalfOpen: false };
  const socket = new Socket(options);
  socket.resume();
  return socket;
}
