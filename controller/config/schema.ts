/**
 * The site configuration: one schema with its defaults. Unknown fields are refused, because a misspelt field that is silently
 * ignored is a camera that is silently not recorded. Rules between fields are in rules.ts; the commented example is sample.yaml.
 */
import { z } from 'zod';
import type { SiteRules } from '../core/rules/site-rules.ts';
import { ULID_PATTERN } from '../core/ulid.ts';
import { type CentreFile, centreSchema, type StoreFile } from './centre-schema.ts';
import { displaySchema, type IndicatorFile, indicatorSchema, speechSchema } from './display-schema.ts';
import type { Login } from './login.ts';
import {
  brokerUrl,
  file,
  folder,
  host,
  hostPort,
  id,
  isPrintable,
  loginName,
  port,
  rtspUrl,
  siteId,
  text,
} from './parts.ts';

/** Commands of a centre, as a site may allow them; `docket` stands for all orders to the docket. */
const COMMAND_FAMILIES = [
  ...['fetch', 'catalog', 'replay', 'hold', 'release', 'cancel', 'offer', 'reseal', 'docket'],
] as const;

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8480;
export const DEFAULT_DATA = '/var/lib/quancheng';
export const DEFAULT_BROKER_PORT = 1883;
export const DEFAULT_RULES = 'hebei-tax-2017';

const source = z
  .strictObject({ onvif: hostPort.optional(), profile: text.optional(), rtsp: rtspUrl.optional() })
  .refine((value) => (value.onvif === undefined) !== (value.rtsp === undefined), 'must have either onvif or rtsp')
  .refine((value) => value.profile === undefined || value.onvif !== undefined, 'can have a profile only with onvif')
  .transform(
    (value): Source =>
      value.onvif === undefined
        ? { rtsp: value.rtsp ?? '' }
        : value.profile === undefined
          ? { onvif: value.onvif }
          : { onvif: value.onvif, profile: value.profile },
  );

export const roomSchema = z.strictObject({ id, name: text, nameEn: text });

export const deviceSchema = z.strictObject({
  id,
  room: id,
  name: text,
  kind: z.enum(['camera', 'microphone']),
  mandatory: z.boolean().default(true),
  source,
  transport: z.enum(['auto', 'tcp', 'udp']).default('auto'),
  audio: z.enum(['auto', 'none']).default('auto'),
  login: loginName.nullable().default(null),
});

export const personSchema = z.strictObject({
  id,
  name: text,
  role: z.enum(['clerk', 'presider', 'custodian', 'approver', 'auditor', 'technician', 'administrator']),
  rooms: z.union([z.literal('all'), z.array(id).min(1, 'must name a room')], 'must be all or a list of rooms'),
});

export const mqttSchema = z.strictObject({
  url: brokerUrl.optional(),
  login: loginName.nullable().default(null),
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  embeddedBroker: z
    .strictObject({ host: host.default(DEFAULT_HOST), port: port.default(DEFAULT_BROKER_PORT) })
    .nullable()
    .default(null),
  uplinkMbps: z.number().positive().max(100_000).nullable().default(null),
  sessionSharePercent: z.number().min(1).max(100).default(30),
  minDurability: z.enum(['stored', 'replicated', 'locked']).default('stored'),
  allow: z.array(z.enum(COMMAND_FAMILIES)).default([...COMMAND_FAMILIES]),
  pullFrom: z
    .array(z.url({ protocol: /^https?$/, error: 'must be an address like https://10.4.17.2:8480' }))
    .default([]),
});

export const listenSchema = z.strictObject({ host: host.default(DEFAULT_HOST), port: port.default(DEFAULT_PORT) });

export const storageSchema = z.strictObject({
  data: folder.default(DEFAULT_DATA),
  mirror: folder.nullable().default(null),
  volume: z
    .string()
    .regex(ULID_PATTERN, 'must be the id of a disk, as quancheng doctor prints it')
    .nullable()
    .default(null),
  keepDays: z.number().min(0).max(36_500).nullable().default(null),
});

export const rulesSchema = z.object({
  rules: z.string('must be the id of a rule set').default(DEFAULT_RULES),
  rulesFolder: file.nullable().default(null),
});

/** PINs are taken at paired panels only; `pin` also takes them from unpaired browsers of this machine. */
export const loginSchema = z.strictObject({ unpaired: z.enum(['secret', 'pin']).default('secret') });

export const siteSchema = z.strictObject({
  ...rulesSchema.shape,
  site: z.strictObject({ id: siteId, name: text, nameEn: text, demo: z.boolean().default(false) }),
  listen: listenSchema.prefault({}),
  login: loginSchema.prefault({}),
  storage: storageSchema.prefault({}),
  recording: z
    .strictObject({
      preRollS: z.number().min(0).max(60).default(10),
      postRollS: z.number().min(0).max(60).default(5),
      segmentS: z.number().min(2).max(60).default(10),
      armedForS: z.number().min(10).max(86_400).default(60),
    })
    .prefault({}),
  hearings: z
    .strictObject({
      armBeforeMin: z.number().min(0).max(120).default(15),
      patienceMin: z.number().min(5).max(600).default(60),
      ceilingH: z.number().min(0.5).max(24).default(4),
      silenceMin: z.number().min(1).max(240).default(15),
      countdownMin: z.number().min(1).max(120).default(10),
      leadMin: z.number().min(0).max(120).default(10),
    })
    .prefault({}),
  mqtt: mqttSchema.nullable().default(null),
  centre: centreSchema.nullable().default(null),
  centreKeyFile: file.nullable().default(null),
  secrets: file.nullable().default(null),
  rooms: z.array(roomSchema).min(1, 'must hold at least one room'),
  devices: z.array(deviceSchema).min(1, 'must hold at least one device'),
  people: z.array(personSchema).min(1, 'must hold at least one person'),
  displays: z.array(displaySchema).default([]),
  speech: speechSchema.prefault({}),
  indicators: z.array(indicatorSchema).default([]),
});

/** The file of a centre without rooms. */
export const centreFileSchema = z.strictObject({
  centre: centreSchema,
  mqtt: mqttSchema.pick({ url: true, login: true, caFile: true, certFile: true, keyFile: true, embeddedBroker: true }),
  secrets: file.nullable().default(null),
});

/** The secrets file: logins by name, so that cameras with the same login share one entry. */
export const secretsSchema = z.strictObject({
  logins: z.record(
    z.string(),
    z.strictObject({
      user: z.string().min(1, 'must not be empty').refine(isPrintable, 'must not hold control characters'),
      password: z.string().min(1, 'must not be empty').refine(isPrintable, 'must not hold control characters'),
    }),
  ),
});

/** Where a device's stream comes from: found by ONVIF (with the profile's token, or the main one), or an RTSP address. */
export type Source = { readonly onvif: string; readonly profile?: string } | { readonly rtsp: string };

export type SiteFile = z.output<typeof siteSchema>;
export type RoomFile = z.output<typeof roomSchema>;
export type DeviceFile = z.output<typeof deviceSchema>;
export type PersonFile = z.output<typeof personSchema>;
export type StorageFile = z.output<typeof storageSchema>;
export type MqttFile = z.output<typeof mqttSchema>;
/** What says how to reach the broker. */
export type BrokerFile = Pick<MqttFile, 'url' | 'login' | 'caFile' | 'certFile' | 'keyFile' | 'embeddedBroker'>;
export type Secrets = z.output<typeof secretsSchema>;

type Frozen<T> = T extends Login ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** The configuration as the program uses it: logins in place of their names, paths absolute, frozen. */
export type Config = Frozen<
  Omit<SiteFile, 'mqtt' | 'centre' | 'devices' | 'indicators' | 'secrets' | 'rules' | 'rulesFolder'> & {
    rules: SiteRules;
    mqtt: (Omit<MqttFile, 'login' | 'url'> & { url: string; login: Login | null }) | null;
    centre: (Omit<CentreFile, 'store'> & { store: (Omit<StoreFile, 'login'> & { login: Login | null }) | null }) | null;
    devices: (Omit<DeviceFile, 'login'> & { login: Login | null })[];
    indicators: (Omit<IndicatorFile, 'login'> & { login: Login | null })[];
  }
>;
export type Centre = NonNullable<Config['centre']>;

/** A centre's configuration, whichever file it came from. */
export interface CentreConfig {
  readonly centre: Centre;
  readonly mqtt: Pick<NonNullable<Config['mqtt']>, keyof BrokerFile>;
}
export type Room = Config['rooms'][number];
export type Device = Config['devices'][number];
export type Person = Config['people'][number];
