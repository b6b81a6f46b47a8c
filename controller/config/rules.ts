/**
 * What must hold between fields of the site configuration. Each rule is a small function over the parts that are well formed by
 * themselves, so that a fault in one place does not hide faults elsewhere and all are reported together.
 */
import { relative } from 'node:path';
import type { FieldFault } from '../core/errors.ts';
import type { CentreFile } from './centre-schema.ts';
import type { DisplayFile, IndicatorFile } from './display-schema.ts';
import type { BrokerFile, DeviceFile, MqttFile, PersonFile, RoomFile, StorageFile } from './schema.ts';

/** One well-formed entry of a list and where it stands, for example `devices[2]`. */
export interface Item<T> {
  readonly at: string;
  readonly value: T;
}

/** The well-formed parts of a site file. A list is `whole` when none of its entries had to be left out. */
export interface Draft {
  readonly rooms: readonly Item<RoomFile>[];
  readonly devices: readonly Item<DeviceFile>[];
  readonly people: readonly Item<PersonFile>[];
  readonly displays: readonly Item<DisplayFile>[];
  readonly indicators: readonly Item<IndicatorFile>[];
  readonly whole: { readonly rooms: boolean; readonly devices: boolean };
  readonly listenPort: number | null;
  readonly storage: StorageFile | null;
  /** Null when it is not well formed. */
  readonly listenHost: string | null;
  readonly unpaired: 'secret' | 'pin' | null;
  readonly mqtt: MqttFile | null;
  readonly hasCentre: boolean;
  readonly centre: CentreFile | null;
  readonly hasCentreKey: boolean;
  /** Names in the secrets file; null when it could not be read, which is a fault of its own. */
  readonly logins: readonly string[] | null;
}

const RULES: readonly ((draft: Draft) => readonly FieldFault[])[] = [
  idsAreUnique,
  sourcesDiffer,
  roomsOfDevicesExist,
  roomsOfPeopleExist,
  roomsOfDisplaysAndLampsExist,
  roomsHaveAMandatoryStream,
  loginsExist,
  waysToTheCentreArePossible,
  brokerIsNamedOnce,
  lampsHaveABroker,
  certificateAndKeyComeTogether,
  portsDiffer,
  disksLieApart,
  pinsStayOnThisMachine,
  receiptsCanBeChecked,
];

/** Every fault of every rule. */
export function faultsBetweenFields(draft: Draft): FieldFault[] {
  return RULES.flatMap((rule) => rule(draft));
}

function idsAreUnique(draft: Draft): FieldFault[] {
  return [draft.rooms, draft.devices, draft.people, draft.displays, draft.indicators].flatMap(
    (items: readonly Item<{ id: string }>[]) => {
      const first = new Map<string, string>();
      return items.flatMap(({ at, value }) => {
        const before = first.get(value.id);
        if (before === undefined) first.set(value.id, at);
        return before === undefined
          ? []
          : [{ field: `${at}.id`, message: `is used by ${before} already (value: "${value.id}")` }];
      });
    },
  );
}

/** A copied entry with the address of the other camera would record one camera twice and the other not at all. */
function sourcesDiffer(draft: Draft): FieldFault[] {
  const first = new Map<string, string>();
  return draft.devices.flatMap(({ at, value }) => {
    const source = JSON.stringify(value.source);
    const before = first.get(source);
    if (before === undefined) first.set(source, at);
    return before === undefined ? [] : [{ field: `${at}.source`, message: `is the source of ${before} already` }];
  });
}

function roomsOfDevicesExist(draft: Draft): FieldFault[] {
  if (!draft.whole.rooms) return [];
  return draft.devices
    .filter(({ value }) => !roomExists(draft, value.room))
    .map(({ at, value }) => ({ field: `${at}.room`, message: `is not one of rooms (value: "${value.room}")` }));
}

function roomsOfPeopleExist(draft: Draft): FieldFault[] {
  if (!draft.whole.rooms) return [];
  return draft.people.flatMap(({ at, value }) =>
    (value.rooms === 'all' ? [] : value.rooms).flatMap((room, i) =>
      roomExists(draft, room)
        ? []
        : [{ field: `${at}.rooms[${i}]`, message: `is not one of rooms (value: "${room}")` }],
    ),
  );
}

function roomsOfDisplaysAndLampsExist(draft: Draft): FieldFault[] {
  if (!draft.whole.rooms) return [];
  return [...draft.displays, ...draft.indicators].flatMap(({ at, value }) =>
    value.room === null || roomExists(draft, value.room)
      ? []
      : [{ field: `${at}.room`, message: `is not one of rooms (value: "${value.room}")` }],
  );
}

/** A lamp by MQTT speaks over the site's own broker unless it names one. */
function lampsHaveABroker({ mqtt, indicators }: Draft): FieldFault[] {
  if (mqtt !== null) return [];
  return indicators
    .filter(({ value }) => 'mqtt' in value.drive && value.drive.mqtt.url === undefined)
    .map(({ at }) => ({ field: `${at}.drive.mqtt.url`, message: 'is missing: the site has no broker of its own' }));
}

function roomExists(draft: Draft, room: string): boolean {
  return draft.rooms.some(({ value }) => value.id === room);
}

/** A hearing is confirmed by its mandatory streams alone; a room without one could never show that it records. */
function roomsHaveAMandatoryStream(draft: Draft): FieldFault[] {
  if (!draft.whole.devices) return [];
  return draft.rooms
    .filter((room) => !draft.devices.some(({ value }) => value.room === room.value.id && value.mandatory))
    .map(({ at, value }) => ({
      field: at,
      message: `needs at least one device with mandatory: true (value: "${value.id}")`,
    }));
}

/** A way that nothing stands behind is a mistake to be found now, not when the first site tries it. */
export function waysToTheCentreArePossible({ centre }: Pick<Draft, 'centre'>): FieldFault[] {
  if (centre === null) return [];
  const { routes, store, pullFrom } = centre;
  const field = 'centre.routes';
  return [
    ...(store === null && routes.some((route) => route === 'A' || route === 'C')
      ? [{ field, message: 'A and C need a bucket: centre.store' }]
      : []),
    ...(Object.keys(pullFrom).length === 0 && routes.includes('D')
      ? [{ field, message: 'D needs to know where sites are: centre.pullFrom' }]
      : []),
  ];
}

export function loginsExist(
  draft: Pick<Draft, 'logins' | 'devices' | 'indicators' | 'centre'> & { readonly mqtt: BrokerFile | null },
): FieldFault[] {
  const { logins } = draft;
  if (logins === null) return [];
  const named = [
    ...draft.devices.map(({ at, value }) => ({ field: `${at}.login`, login: value.login })),
    ...draft.indicators.map(({ at, value }) => ({ field: `${at}.login`, login: value.login })),
    { field: 'mqtt.login', login: draft.mqtt?.login ?? null },
    { field: 'centre.store.login', login: draft.centre?.store?.login ?? null },
  ];
  return named.flatMap(({ field, login }) =>
    login === null || logins.includes(login)
      ? []
      : [{ field, message: `is not one of the logins in the secrets file (value: "${login}")` }],
  );
}

export function brokerIsNamedOnce({ mqtt }: { readonly mqtt: BrokerFile | null }): FieldFault[] {
  if (mqtt === null || (mqtt.url === undefined) !== (mqtt.embeddedBroker === null)) return [];
  const message =
    mqtt.url === undefined
      ? 'needs url, or embeddedBroker to run one in this program'
      : 'must be left out when embeddedBroker is given: its address follows from host and port';
  return [{ field: mqtt.url === undefined ? 'mqtt' : 'mqtt.url', message }];
}

export function certificateAndKeyComeTogether({ mqtt }: { readonly mqtt: BrokerFile | null }): FieldFault[] {
  if (mqtt === null || (mqtt.certFile === undefined) === (mqtt.keyFile === undefined)) return [];
  const field = mqtt.certFile === undefined ? 'mqtt.certFile' : 'mqtt.keyFile';
  return [{ field, message: 'is missing: certFile and keyFile are used together' }];
}

function portsDiffer({ mqtt, listenPort }: Draft): FieldFault[] {
  const broker = mqtt?.embeddedBroker?.port;
  if (broker === undefined || broker !== listenPort) return [];
  return [{ field: 'mqtt.embeddedBroker.port', message: `is the port of listen already (value: "${broker}")` }];
}

/** Whoever reaches this machine could try PINs from any browser; what is only for a machine by itself stays on it. */
function pinsStayOnThisMachine({ listenHost, unpaired }: Draft): FieldFault[] {
  if (unpaired !== 'pin' || listenHost === null || /^(?:localhost$|127\.|::1$)/.test(listenHost)) return [];
  const message = `can be pin only while listen.host is this machine itself (value: "${listenHost}")`;
  return [{ field: 'login.unpaired', message }];
}

/** Without the centre's key no receipt can be checked, so nothing could ever be released. */
function receiptsCanBeChecked(draft: Draft): FieldFault[] {
  if (draft.mqtt === null || draft.hasCentre || draft.hasCentreKey) return [];
  return [{ field: 'centreKeyFile', message: 'is missing: receipts of the centre are checked with its public key' }];
}

/** A copy inside of the other would be copied into itself, and neither could be taken away alone. */
function disksLieApart({ storage }: Draft): FieldFault[] {
  if (storage === null || storage.mirror === null) return [];
  const { data, mirror } = storage;
  const isWithin = (inner: string, outer: string): boolean => !relative(outer, inner).startsWith('..');
  if (!isWithin(mirror, data) && !isWithin(data, mirror)) return [];
  return [
    { field: 'storage.mirror', message: `must lie outside of storage.data, on another disk (value: "${mirror}")` },
  ];
}
