/**
 * The site in a process of its own: the product's forwarder over the product's outbox in the product's index, with a backlog or with
 * segments sealed one by one. Recorder, panel and sessions are not in it, so that its memory is the forwarder's.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import express from 'express';
import { segmentPull } from '../../controller/api/pull.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import type { PublicKey } from '../../controller/core/jws.ts';
import { Forwarder } from '../../controller/forward/forwarder.ts';
import type { ReadyFile } from '../forward/backlog.ts';
import { SealingSite } from '../forward/sealing-site.ts';
import { jsonArgument, onTold, tell } from './child.ts';

export interface SiteOrder {
  readonly data: string;
  readonly site: string;
  readonly broker: string;
  /** File with the public keys of the centre. */
  readonly keys: string;
  /** Port at which the centre may fetch files (route D); absent when it may not. */
  readonly pullPort?: number;
}

const { data, site, broker, keys, pullPort } = jsonArgument<SiteOrder>();
const log = {
  info() {},
  warn: (fields: object, message: string) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  error: (fields: object, message: string) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
};
const sealing = await SealingSite.open(data, site, log);
const { outbox, archive, signer, clock, store } = sealing;
const forwarder = new Forwarder({
  ...{ site, outbox, archive, transfers: archive, signer, clock, log, url: broker },
  trust: { keys: (JSON.parse(readFileSync(keys, 'utf8')) as { keys: readonly PublicKey[] }).keys },
  ...(pullPort === undefined ? {} : { pullFrom: [`http://127.0.0.1:${pullPort}`] }),
});
if (pullPort !== undefined)
  createServer(express().use('/v1/seg', segmentPull(forwarder.pull))).listen(pullPort, '127.0.0.1');
let waiting = outbox.backlog().segments;
const sealedAt = new Map<string, number>();
store.onApplied((_journal, { fact }) => {
  const { type } = fact as SiteFact;
  if (type === 'sealed') waiting += 1;
  if (type !== 'receipted') return;
  const { seg } = fact as Extract<SiteFact, { type: 'receipted' }>;
  const began = sealedAt.get(seg);
  if (began !== undefined) tell({ seg, receiptMs: performance.now() - began });
  waiting -= 1;
  if (waiting === 0) tell({ empty: true });
});
onTold((saying) => {
  if (saying['begin'] === true) forwarder.start();
  const file = saying['seal'] as ReadyFile | undefined;
  if (file === undefined) return;
  // From the recorder's word that the segment is closed: sealing is part of it.
  const began = performance.now();
  void sealing.seal('cam-1', file, (seg) => sealedAt.set(seg, began));
});
forwarder.onLink(({ state }) => {
  if (state === 'connected') tell({ connected: true });
});
process.once('SIGTERM', () => {
  void forwarder
    .close()
    .then(() => sealing.close())
    .finally(() => process.exit(0));
});
tell({ ready: true, waiting });
