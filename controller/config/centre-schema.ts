/**
 * The section `centre`, in the file of a site on the same machine or in a file of its own: where a centre keeps what sites bring, which
 * sites it believes, by which ways bytes may come, and the page that shows it.
 */
import { z } from 'zod';
import { ROUTE_NAMES } from '../core/hrc.ts';
import { readPublicKey } from '../core/jws.ts';
import { file, folder, host, loginName, port, siteId, text } from './parts.ts';

const CENTRE_HOST = '127.0.0.1';
/** Beside the panel of a site on the same machine. */
const CENTRE_PORT = 8481;
/** More processes than a machine has for this. */
const WORKERS_MAX = 64;
const REGION = 'us-east-1';
const BUCKET_PATTERN = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Scheme, host and port; a path, a login or anything behind them would be silently ignored. */
const origin = z
  .string()
  .refine(isOrigin, 'must be an address like https://s3.example:9000, with nothing behind the port')
  .transform((value) => new URL(value).origin);

/** What the centre asks of one site; what is not named is left to the site. */
const sitePolicySchema = z.strictObject({
  uplinkMbps: z.number().positive().max(100_000).optional(),
  sessionSharePercent: z.number().min(1).max(100).optional(),
  minDurability: z.enum(['stored', 'replicated', 'locked']).optional(),
  keepDays: z.int().min(0).max(36_500).optional(),
});

const siteKey = z
  .strictObject({ kid: z.string(), x: z.string() })
  .refine(
    (key) => readPublicKey(key) !== null,
    'must be the public key of a site, kid and x, as its birth message shows it',
  );

const storeSchema = z.strictObject({
  endpoint: origin,
  region: z.string().min(1).max(40).default(REGION),
  bucket: z.string().regex(BUCKET_PATTERN, 'must be the name of a bucket'),
  pathStyle: z.boolean().default(true),
  login: loginName,
  caFile: file.optional(),
  durability: z.enum(['stored', 'replicated', 'locked']).default('stored'),
  sitesEndpoint: origin.optional(),
});

export const centreSchema = z.strictObject({
  folder,
  name: text.default('reference'),
  workers: z.int().min(0).max(WORKERS_MAX).default(0),
  sites: z
    .union(
      [z.literal('first-sight'), z.record(siteId, siteKey)],
      'must be first-sight, or the keys of the sites that are believed',
    )
    .default('first-sight'),
  listen: z
    .strictObject({ host: host.default(CENTRE_HOST), port: port.default(CENTRE_PORT) })
    .nullable()
    .default(null),
  store: storeSchema.nullable().default(null),
  routes: z
    .array(z.enum(ROUTE_NAMES))
    .min(1, 'must name a way')
    .refine((routes) => new Set(routes).size === routes.length, 'must name each way once')
    .default(['B']),
  pullFrom: z.record(siteId, z.array(origin).min(1)).default({}),
  pullCaFile: file.optional(),
  policies: z.record(siteId, sitePolicySchema).default({}),
});

export type CentreFile = z.infer<typeof centreSchema>;
export type StoreFile = z.infer<typeof storeSchema>;

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && (value === url.origin || value === `${url.origin}/`);
}
