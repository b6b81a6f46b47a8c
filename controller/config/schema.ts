/**
 * The site configuration: one schema with its defaults. Unknown fields are refused, because a misspelt field that is silently
 * ignored is a camera that is silently not recorded. Rules between fields are in rules.ts; the commented example is sample.yaml.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { STREAM_ID_PATTERN } from '../core/recording.ts';
import { ULID_PATTERN } from '../core/ulid.ts';
import type { Login } from './login.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8480;
export const DEFAULT_DATA = '/var/lib/quancheng';
export const DEFAULT_BROKER_PORT = 1883;

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port if it is not the usual one. */
const HOST_PORT_PATTERN = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/;

const id = z
  .string()
  .regex(
    STREAM_ID_PATTERN,
    'must be 1 to 24 small letters, digits and hyphens, and begin and end with a letter or digit',
  );
const text = z.string().trim().min(1, 'must not be empty').max(100, 'must be at most 100 characters');
const loginName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the name of a login in the secrets file');
const host = z.string().regex(/^[A-Za-z0-9.:-]+$/, 'must be a host name or an address without port');
const port = z.int().min(1).max(65_535);
const folder = z.string().refine(isAbsolute, 'must be an absolute path');
const file = z.string().min(1, 'must not be empty');

const hostPort = z
  .string()
  .regex(HOST_PORT_PATTERN, 'must be host or host:port, for example 192.168.1.21 or 192.168.1.21:8000')
  .refine((value) => portOf(value) >= 1 && portOf(value) <= 65_535, 'must have a port from 1 to 65535');

const rtspUrl = z
  .string()
  .refine((value) => urlOf(value)?.protocol === 'rtsp:', 'must be an address like rtsp://192.168.1.21:554/path')
  .refine(
    (value) => !hasLogin(value),
    'must not hold a login: put user and password into the secrets file and name them in login',
  );

const brokerUrl = z
  .string()
  .refine(
    (value) => ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(urlOf(value)?.protocol ?? ''),
    'must be an address like mqtts://centre.example:8883',
  )
  .refine(
    (value) => !hasLogin(value),
    'must not hold a login: put user and password into the secrets file and name them in login',
  );

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
});

export const siteSchema = z.strictObject({
  site: z.strictObject({ id, name: text, nameEn: text, demo: z.boolean().default(false) }),
  listen: listenSchema.prefault({}),
  storage: storageSchema.prefault({}),
  recording: z
    .strictObject({
      preRollS: z.number().min(0).max(60).default(10),
      postRollS: z.number().min(0).max(60).default(5),
      segmentS: z.number().min(2).max(60).default(10),
      armedForS: z.number().min(10).max(86_400).default(60),
    })
    .prefault({}),
  mqtt: mqttSchema.nullable().default(null),
  centre: z.strictObject({ folder }).nullable().default(null),
  centreKeyFile: file.nullable().default(null),
  secrets: file.nullable().default(null),
  rooms: z.array(roomSchema).min(1, 'must hold at least one room'),
  devices: z.array(deviceSchema).min(1, 'must hold at least one device'),
  people: z.array(personSchema).min(1, 'must hold at least one person'),
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
export type Secrets = z.output<typeof secretsSchema>;

type Frozen<T> = T extends Login ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** The configuration as the program uses it: logins in place of their names, paths absolute, frozen. */
export type Config = Frozen<
  Omit<SiteFile, 'mqtt' | 'devices' | 'secrets'> & {
    mqtt: (Omit<MqttFile, 'login' | 'url'> & { url: string; login: Login | null }) | null;
    devices: (Omit<DeviceFile, 'login'> & { login: Login | null })[];
  }
>;
export type Room = Config['rooms'][number];
export type Device = Config['devices'][number];
export type Person = Config['people'][number];

function urlOf(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null;
}

function hasLogin(value: string): boolean {
  const url = urlOf(value);
  return url !== null && (url.username !== '' || url.password !== '');
}

/** The port of host:port; 80 when none is given. */
function portOf(hostAndPort: string): number {
  const found = /:(\d+)$/.exec(hostAndPort.replace(/^\[[^\]]*\]/, ''));
  return found === null ? 80 : Number(found[1]);
}

function isPrintable(value: string): boolean {
  return !/\p{Cc}/u.test(value);
}
