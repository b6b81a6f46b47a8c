/** The section `centre`: where a centre keeps what sites bring, by which ways it may come, and the page that shows it. */
import { z } from 'zod';
import { ROUTE_NAMES } from '../core/hrc.ts';
import { file, folder, host, loginName, port, siteId } from './parts.ts';

const CENTRE_HOST = '127.0.0.1';
/** Beside the panel of a site on the same machine. */
const CENTRE_PORT = 8481;
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
