/** Reads the site file and the secrets beside it, once, and answers a frozen configuration or every fault at the same time. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { AppError, errnoOf, type FieldFault, sentenceOf } from '../core/errors.ts';
import type { SiteRules } from '../core/rules/site-rules.ts';
import { type CentreFile, centreSchema } from './centre-schema.ts';
import { displaySchema, indicatorSchema } from './display-schema.ts';
import { Login } from './login.ts';
import { findRules } from './rule-files.ts';
import { type Draft, faultsBetweenFields, type Item } from './rules.ts';
import {
  type BrokerFile,
  type Config,
  deviceSchema,
  listenSchema,
  loginSchema,
  mqttSchema,
  type PersonFile,
  personSchema,
  roomSchema,
  rulesSchema,
  type Secrets,
  type SiteFile,
  secretsSchema,
  siteSchema,
  storageSchema,
} from './schema.ts';
import { type YamlValue, yamlValue } from './yaml-text.ts';

const MODE_OF_OTHERS = 0o077;
const VALUE_SHOWN_MAX = 80;

/**
 * The configuration in the YAML file at `path`. Throws `bad-config` with every fault as `fields`: path of the field, what is
 * wrong, and the offending value, but never a value of the secrets file or a login inside an address.
 */
export function loadConfig(path: string): Config {
  const raw = readYaml(path, 'core').value;
  const faults: FieldFault[] = [];
  const parsed = siteSchema.safeParse(raw);
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(issue, raw)));
  const secrets = readSecrets(path, raw, faults);
  faults.push(...faultsBetweenFields(draftOf(raw, secrets)));
  if (parsed.success) faults.push(...unreadableFiles(path, parsed.data));
  const rules = readRules(path, raw, faults);
  if (!parsed.success || secrets === null || rules === null || faults.length > 0) throw badConfig(path, faults);
  return deepFreeze(configOf(path, parsed.data, secrets, rules));
}

export function badConfig(path: string, fields: readonly FieldFault[]): AppError {
  const faults = fields.length === 1 ? 'a fault' : `${fields.length} faults`;
  return new AppError('bad-config', `${path} has ${faults}`, { fields });
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function readYaml(path: string, schema: 'core' | 'failsafe'): Extract<YamlValue, { ok: true }> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('bad-config', `${path} cannot be read: ${sentenceOf(error)}`, { cause: error });
  }
  const yaml = yamlValue(text, schema);
  if (!yaml.ok) throw badConfig(path, yaml.faults);
  return yaml;
}

/** Logins by name; none without a secrets file, null when there is one that cannot be used. */
export function readSecrets(path: string, raw: unknown, faults: FieldFault[]): Secrets | null {
  const named = entryOf(raw, 'secrets');
  if (typeof named !== 'string' || named === '') return { logins: {} };
  const secretsPath = resolve(dirname(path), named);
  try {
    const mode = statSync(secretsPath).mode & 0o777;
    if ((mode & MODE_OF_OTHERS) !== 0) {
      const message = `can be read by others (mode 0${mode.toString(8)}): chmod 600 ${secretsPath}`;
      faults.push({ field: 'secrets', message });
      return null;
    }
    // Everything is text there: a password 0123 is those four characters.
    const parsed = secretsSchema.safeParse(readYaml(secretsPath, 'failsafe').value);
    if (parsed.success) return parsed.data;
    faults.push(
      ...parsed.error.issues.flatMap((issue) =>
        faultsOf(issue, null).map(({ field, message }) => ({ field: `secrets: ${field}`, message })),
      ),
    );
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'does not exist' : sentenceOf(error);
    const fields = error instanceof AppError ? error.fields : [];
    if (fields.length === 0) faults.push({ field: 'secrets', message: `${secretsPath}: ${why}` });
    faults.push(...fields.map(({ field, message }) => ({ field: `secrets: ${field}`, message })));
  }
  return null;
}

/** The rules of the site; null when the fields that name them are at fault, or when what they name is. */
function readRules(path: string, raw: unknown, faults: FieldFault[]): SiteRules | null {
  const named = rulesSchema.safeParse({ rules: entryOf(raw, 'rules'), rulesFolder: entryOf(raw, 'rulesFolder') });
  // Then the schema of the whole file has named the fault already.
  if (!named.success) return null;
  const { rules, rulesFolder } = named.data;
  const found = findRules(rules, rulesFolder === null ? null : resolve(dirname(path), rulesFolder));
  if (found.ok) return found.rules;
  faults.push(...found.faults);
  return null;
}

/** Certificates and keys are asked for at once, not at the first connection at night. */
export function unreadableFiles(
  path: string,
  site: { readonly mqtt: BrokerFile | null } & Partial<Pick<SiteFile, 'centre' | 'centreKeyFile' | 'speech'>>,
): FieldFault[] {
  const files: readonly [string, string | null | undefined][] = [
    ['mqtt.caFile', site.mqtt?.caFile],
    ['mqtt.certFile', site.mqtt?.certFile],
    ['mqtt.keyFile', site.mqtt?.keyFile],
    ['centreKeyFile', site.centreKeyFile],
    ['centre.store.caFile', site.centre?.store?.caFile],
    ['centre.pullCaFile', site.centre?.pullCaFile],
    ...(site.speech?.recordings ?? []).map((one, i): [string, string] => [`speech.recordings[${i}].file`, one.file]),
  ];
  return files.flatMap(([field, file]) => {
    if (file === undefined || file === null) return [];
    try {
      readFileSync(resolve(dirname(path), file));
      return [];
    } catch (error) {
      return [{ field, message: `cannot be read: ${errnoOf(error) ?? 'unknown error'} (value: "${file}")` }];
    }
  });
}

// ── Faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The faults of one finding of zod. `raw` is what was checked, or null when its values are secret. */
export function faultsOf(issue: z.core.$ZodIssue, raw: unknown): FieldFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: fieldOf([...issue.path, key]), message: 'is not a known field' }));
  }
  const field = fieldOf(issue.path);
  const value = raw === null ? null : issue.path.reduce<unknown>(entryOf, raw);
  if (raw !== null && value === undefined) return [{ field, message: 'is missing' }];
  return [{ field, message: `${issue.message}${raw === null ? '' : shown(field, value)}` }];
}

function fieldOf(path: readonly PropertyKey[]): string {
  let field = '';
  for (const step of path) {
    field += typeof step === 'number' ? `[${step}]` : field === '' ? String(step) : `.${String(step)}`;
  }
  return field === '' ? '(whole file)' : field;
}

/** The value in brackets, except where somebody may have written a password by mistake. */
function shown(field: string, value: unknown): string {
  if (typeof value === 'object' || field.endsWith('.login')) return '';
  const text = String(value).replace(/\/\/.*@/s, '//(login hidden)@');
  return ` (value: "${text.length > VALUE_SHOWN_MAX ? `${text.slice(0, VALUE_SHOWN_MAX)}…` : text}")`;
}

function entryOf(container: unknown, key: PropertyKey): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, key)) return undefined;
  return (container as Record<PropertyKey, unknown>)[key];
}

// ── From file to configuration ───────────────────────────────────────────────────────────────────────────────────────────

function draftOf(raw: unknown, secrets: Secrets | null): Draft {
  const rooms = itemsOf(raw, 'rooms', roomSchema);
  const devices = itemsOf(raw, 'devices', deviceSchema);
  const people = itemsOf(raw, 'people', personSchema);
  const listen = listenSchema.safeParse(entryOf(raw, 'listen') ?? {});
  const storage = storageSchema.safeParse(entryOf(raw, 'storage') ?? {});
  const login = loginSchema.safeParse(entryOf(raw, 'login') ?? {});
  const mqtt = mqttSchema.safeParse(entryOf(raw, 'mqtt'));
  const centre = centreSchema.safeParse(entryOf(raw, 'centre'));
  return {
    rooms: rooms.items,
    devices: devices.items,
    people: people.items,
    displays: itemsOf(raw, 'displays', displaySchema).items,
    indicators: itemsOf(raw, 'indicators', indicatorSchema).items,
    whole: { rooms: rooms.whole, devices: devices.whole },
    listenPort: listen.success ? listen.data.port : null,
    storage: storage.success ? storage.data : null,
    listenHost: listen.success ? listen.data.host : null,
    unpaired: login.success ? login.data.unpaired : null,
    mqtt: mqtt.success ? mqtt.data : null,
    hasCentre: (entryOf(raw, 'centre') ?? null) !== null,
    centre: centre.success ? centre.data : null,
    hasCentreKey: (entryOf(raw, 'centreKeyFile') ?? null) !== null,
    logins: secrets === null ? null : Object.keys(secrets.logins),
  };
}

function itemsOf<T>(raw: unknown, list: string, schema: z.ZodType<T>): { items: Item<T>[]; whole: boolean } {
  const entries = entryOf(raw, list);
  if (!Array.isArray(entries)) return { items: [], whole: false };
  const items = entries.flatMap((entry: unknown, i) => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [{ at: `${list}[${i}]`, value: parsed.data }] : [];
  });
  return { items, whole: items.length === entries.length };
}

function configOf(path: string, site: SiteFile, secrets: Secrets, rules: SiteRules): Config {
  const loginOf = loginsIn(secrets);
  const beside = besideOf(path);
  const { secrets: _, rulesFolder: __, mqtt, centre, ...rest } = site;
  return {
    ...rest,
    rules,
    centreKeyFile: beside(site.centreKeyFile),
    centre: centre === null ? null : centreOf(centre, path, secrets),
    mqtt: mqtt === null ? null : mqttOf(mqtt, path, secrets),
    devices: site.devices.map((device) => ({ ...device, login: loginOf(device.login) })),
    indicators: site.indicators.map((one) => ({ ...one, login: loginOf(one.login) })),
    speech: {
      ...site.speech,
      recordings: site.speech.recordings.map((one) => ({ ...one, file: beside(one.file) })),
    },
    people: withAdministrator(site.people),
  };
}

/** Logins by their names; null for none. */
function loginsIn(secrets: Secrets): (name: string | null) => Login | null {
  const logins = new Map(
    Object.entries(secrets.logins).map(([name, { user, password }]) => [name, new Login(user, password)]),
  );
  return (name) => (name === null ? null : (logins.get(name) ?? null));
}

/** Paths are looked up beside the file that names them. */
function besideOf(path: string): <T extends string | null | undefined>(file: T) => T {
  return <T extends string | null | undefined>(file: T) =>
    (typeof file === 'string' ? resolve(dirname(path), file) : file) as T;
}

/** The way to the broker, as the program uses it. */
export function mqttOf<T extends BrokerFile>(mqtt: T, path: string, secrets: Secrets) {
  const beside = besideOf(path);
  return {
    ...mqtt,
    ...(mqtt.caFile === undefined ? {} : { caFile: beside(mqtt.caFile) }),
    ...(mqtt.certFile === undefined ? {} : { certFile: beside(mqtt.certFile) }),
    ...(mqtt.keyFile === undefined ? {} : { keyFile: beside(mqtt.keyFile) }),
    url: mqtt.url ?? brokerUrlOf(mqtt.embeddedBroker),
    login: loginsIn(secrets)(mqtt.login),
  };
}

/** A centre, as the program uses it. */
export function centreOf({ store, ...centre }: CentreFile, path: string, secrets: Secrets) {
  const beside = besideOf(path);
  return {
    ...centre,
    ...(centre.pullCaFile === undefined ? {} : { pullCaFile: beside(centre.pullCaFile) }),
    store:
      store === null
        ? null
        : {
            ...store,
            ...(store.caFile === undefined ? {} : { caFile: beside(store.caFile) }),
            login: loginsIn(secrets)(store.login),
          },
  };
}

/** A site that names no administrator gets one: somebody has to pair its panels. */
function withAdministrator(people: readonly PersonFile[]): PersonFile[] {
  if (people.some(({ role }) => role === 'administrator')) return [...people];
  const id = people.some((person) => person.id === 'administrator') ? 'site-administrator' : 'administrator';
  return [...people, { id, name: '管理员', role: 'administrator', rooms: 'all' }];
}

/** Address of the embedded broker as this machine reaches it. */
function brokerUrlOf(broker: { readonly host: string; readonly port: number } | null): string {
  if (broker === null) return '';
  const host = broker.host === '0.0.0.0' ? '127.0.0.1' : broker.host.includes(':') ? `[${broker.host}]` : broker.host;
  return `mqtt://${host}:${broker.port}`;
}

/** Freezes a value and everything in it; change means restart. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
