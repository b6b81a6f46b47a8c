/**
 * Knocks at an RTSP server: one OPTIONS (RFC 2326, section 10.1), which needs no login and takes none of the few sessions a
 * camera has. It tells a technician that address and port are right before anything is recorded.
 */
import { connect } from 'node:net';
import { AppError, errnoOf, sentenceOf } from '../../controller/core/errors.ts';
import { clean } from './answer.ts';

const RTSP_PORT = 554;
export const RTSP_DOOR_DEADLINE_MS = 5_000;
const ANSWER_MAX_BYTES = 8_192;

/**
 * Resolves when an RTSP server answers at the address, whatever it answers. Rejects with `camera-unreachable` when nobody does
 * or something else than RTSP speaks there, within `deadlineMs`.
 */
export function knockAtRtsp(url: string, deadlineMs: number = RTSP_DOOR_DEADLINE_MS): Promise<void> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const refuse = (what: string): void => {
      reject(new AppError('camera-unreachable', `${host}:${port || RTSP_PORT} ${what}`));
      socket.destroy();
    };
    let answer = '';
    const socket = connect({ host, port: Number(port || RTSP_PORT) });
    const timer = setTimeout(() => refuse(`does not answer RTSP within ${deadlineMs} ms`), deadlineMs);
    socket.on('connect', () => socket.write(`OPTIONS ${url} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Quancheng\r\n\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\n') && answer.length < ANSWER_MAX_BYTES) return;
      if (/^RTSP\/\d/.test(answer)) resolve();
      else refuse(`does not speak RTSP: ${clean(answer.slice(0, 40))}`);
      socket.destroy();
    });
    socket.on('error', (error) => refuse(`cannot be reached by RTSP: ${errnoOf(error) ?? sentenceOf(error)}`));
    socket.on('close', () => {
      clearTimeout(timer);
      // Does nothing when it was decided already.
      refuse('closes the connection without an answer to RTSP');
    });
  });
}
