/** Lost packets as ffmpeg 5 to 7 speak of them. */
import { expect, test } from 'vitest';
import { packetsLost } from '../../controller/recorder/ffmpeg.ts';

test.each([
  ['[rtsp @ 0x55c08c204980] [warning] RTP: missed 1 packets', 1],
  ['[rtsp @ 0x55c08c204980] [warning] RTP: missed 213 packets', 213],
  ['[rtsp @ 0x5644cffd7980] [error] RTP: PT=61: bad cseq edd7 expected=305c', 1],
  ['[rtsp @ 0x5644cffd7980] [warning] RTP: dropping old packet received too late', 1],
  ['[rtsp @ 0x55c08c204980] [warning] max delay reached. need to consume packet', 0],
  ['[mp4 @ 0x558ee1571580] [warning] pts has no value', 0],
  ['', 0],
])('%s: %i', (line, packets) => {
  expect(packetsLost(line)).toBe(packets);
});
