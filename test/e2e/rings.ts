/** Looks at the recorder's status as a second visitor of its socket. */

import type { RecorderStatus } from '../../controller/core/recording.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { until } from '../recorder/rig.ts';
import { PRE_ROLL_MS } from './house.ts';

/** Resolves when every stream holds its whole pre-roll in memory. */
export async function ringsAreFull(socketPath: string, streams: readonly string[]): Promise<void> {
  const link = new RecorderLink({
    socketPath,
    afterSeq: () => Number.MAX_SAFE_INTEGER,
    log: { info() {}, warn() {}, error() {} },
  });
  let status: RecorderStatus | null = null;
  link.onStatus((news) => {
    status = news;
  });
  link.start();
  try {
    await until(() => streams.every((id) => (status?.streams[id]?.ringMs ?? 0) > PRE_ROLL_MS));
  } finally {
    await link.close();
  }
}
