import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  engineResponses,
  HRC_CODES,
  ROUTE_NAMES,
  topicsOf,
} from '../../controller/core/hrc.ts';
import { ANSWER_STATES, ITEM_STATES } from '../../controller/core/hrc-command.ts';
import { EVENT_FORMS } from '../../controller/core/hrc-events.ts';
import { readCentreDocument, readManifest, readReceipt } from '../../controller/core/hrc-reading.ts';
import { readPolicy } from '../../controller/core/policy.ts';
import { type CommandParts, ownCommands } from '../../controller/forward/commands/own-commands.ts';

const TEXT = readFileSync(new URL('../../controller/forward/PROTOCOL.md', import.meta.url), 'utf8');
const HASH = 'ab'.repeat(32);
const SEG = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC';

/** What stands in back-quotes in the first column of the table behind a marker. */
function firstColumn(marker: string): string[] {
  const [, behind = ''] = TEXT.split(`<!-- ${marker} -->`);
  const rows = behind.trimStart().split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

test('codes, states, routes and commands are those of the code', () => {
  expect(firstColumn('codes').sort()).toEqual([...HRC_CODES].sort());
  expect(firstColumn('answer states')).toEqual([...ANSWER_STATES]);
  expect(firstColumn('item states')).toEqual([...ITEM_STATES]);
  expect(firstColumn('routes')).toEqual([...ROUTE_NAMES]);
  expect(firstColumn('commands')).toEqual(ownCommands({} as CommandParts).map(({ type }) => type));
});

test('events and their fields are those of the code', () => {
  const rows = (TEXT.split('<!-- events -->')[1] ?? '').trimStart().split('\n\n')[0]?.split('\n').slice(2) ?? [];
  const told = rows.map((row) =>
    row
      .split('|')
      .slice(1, 3)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
  );
  expect(told).toEqual(Object.entries(EVENT_FORMS).map(([type, form]) => [[type], Object.keys(form)]));
});

test('topics are those of the code', () => {
  const topics = topicsOf('{site}');
  const known = [
    topics.state,
    topics.backlog,
    topics.seg,
    topics.request('{id}'),
    topics.answer('{id}'),
    topics.engineEnd,
    topics.init('{fileId}'),
    topics.chunk('{fileId}', 0, '{sha256}').replace('/0/', '/{offset}/'),
    topics.fin('{fileId}', 0, '{sha256}').replace('/0/', '/{size}/'),
    topics.abort('{fileId}'),
    topics.receipt,
    topics.policy,
    topics.result,
    topics.response('{id}'),
    topics.piece('{id}', '{sha256}'),
    topics.order('{id}'),
    engineResponses('{site}-b'),
    CENTRE_TOPIC,
    CENTRE_STATE_TOPIC,
  ];
  const told = firstColumn('topics').filter((topic) => !topic.includes('…'));
  expect(told.sort()).toEqual(known.sort());
});

test('every field that is read is told, and every field that is told is read', () => {
  const document = {
    ...{ v: 1, centre: 'c', iat: 1, boot: 'b', routes: ['A'], announce: 'all', min: 1, max: 1 },
    ft: { chunkMax: 1, filesInFlight: 1, segmentsTtl: 1 },
    put: { maxUrls: 1, origins: ['https://x'] },
    receipt: { keys: [], minDurability: 'stored' },
  };
  const manifest = {
    ...{
      v: 1,
      site: 'court-1',
      stream: 'cam',
      seg: SEG,
      seq: 0,
      t0: 1,
      t1: 2,
      clock: { src: 'ntp' },
      size: 1,
      sha256: HASH,
    },
    ...{ media: { type: 'video/mp4' }, run: 'r', sequence: 1, claims: ['c'], gap: false, prev: null, was: HASH },
  };
  const receipt = {
    ...{ v: 1, site: 'court-1', seg: SEG, fileId: `${SEG}-${HASH.slice(0, 16)}-01`, sha256: HASH, size: 1, mh: HASH },
    ...{ durability: 'stored', verified: 'read-back', iat: 1, permit: { delete: true } },
  };
  expect(Object.keys(readPolicy({ v: 1, site: 'court-1', iat: 1 }) ?? {}).sort()).toEqual(
    firstColumn('fields: policy').sort(),
  );
  expect(Object.keys(readCentreDocument(document) ?? {}).sort()).toEqual(firstColumn('fields: centre').sort());
  expect(Object.keys(readManifest(manifest) ?? {}).sort()).toEqual(firstColumn('fields: manifest').sort());
  // `object` is for people at the centre; a site does not look at it.
  expect([...Object.keys(readReceipt(receipt) ?? {}), 'object'].sort()).toEqual(firstColumn('fields: receipt').sort());
});
