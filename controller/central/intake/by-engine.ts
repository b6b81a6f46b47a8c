/**
 * Route A: EMQX takes the chunks and writes whole files into the bucket; its word about the end of a transfer reaches the centre too,
 * because the site names `up/ftfin` as the place for the answer. Anybody may write there, so it only says where to look.
 */
import { fieldsOf, parseJson, readResultTopic, readTransferResult } from '../../core/hrc-reading.ts';
import type { Arrivals } from './arrivals.ts';

const RESULT_BYTES_MAX = 4_096;

/** Takes what came on a site's `up/ftfin`. */
export function heardFromEngine(arrivals: Arrivals, site: string, payload: Uint8Array): void {
  const result = readTransferResult(fieldsOf(parseJson(payload, RESULT_BYTES_MAX)));
  const about = result?.code === null ? readResultTopic(result.topic) : null;
  if (about?.step === 'fin') arrivals.expect(site, about.fileId);
}
