// The ONVIF device service of a virtual camera: identity, services, scopes, network facts and, above all, its clock.

import { createHash } from 'node:crypto';
import type { VirtualClock } from './clock.ts';
import type { Account } from './login.ts';
import { child, escapeXml, namespaceOf, SoapFault, textAt, type XmlElement } from './soap.ts';

export interface DeviceParts {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  readonly serial: string;
  readonly host: string;
  readonly account: Account;
  readonly clock: VirtualClock;
  /** Address of a path of this device's HTTP server, as the device believes it to be. */
  readonly httpUri: (path: string) => string;
  /** Starts a reboot that begins when the answer is out. */
  readonly reboot: () => void;
}

export const DEVICE_PATH = '/onvif/device_service';
export const MEDIA_PATH = '/onvif/media_service';
export const MEDIA2_PATH = '/onvif/media2_service';
export const EVENTS_PATH = '/onvif/event_service';
const DEVICE_IO_PATH = '/onvif/deviceio_service';

/** Operations of access class PRE_AUTH (ONVIF Core, 5.9.4.3): they need no login. */
export const OPEN_OPERATIONS: ReadonlySet<string> = new Set([
  'GetSystemDateAndTime',
  'GetServices',
  'GetServiceCapabilities',
  'GetCapabilities',
  'GetHostname',
  'GetEndpointReference',
  'GetWsdlUrl',
]);

/** Answers one operation; undefined when the service has no such operation. */
export function answerDevice(operation: string, request: XmlElement, parts: DeviceParts): string | undefined {
  const wrap = (body: string) => `<tds:${operation}Response>${body}</tds:${operation}Response>`;
  switch (operation) {
    case 'GetSystemDateAndTime':
      return wrap(writeTime(parts.clock));
    case 'SetSystemDateAndTime':
      setTime(request, parts.clock);
      return wrap('');
    case 'GetDeviceInformation':
      return wrap(
        '<tds:Manufacturer>Quancheng</tds:Manufacturer><tds:Model>Virtual Camera</tds:Model>' +
          `<tds:FirmwareVersion>1.0.0</tds:FirmwareVersion><tds:SerialNumber>${escapeXml(parts.serial)}</tds:SerialNumber>` +
          '<tds:HardwareId>QC-V1</tds:HardwareId>',
      );
    case 'GetServices':
      return wrap(services(parts));
    case 'GetCapabilities':
      return wrap(capabilities(parts));
    case 'GetServiceCapabilities':
      return wrap(
        '<tds:Capabilities><tds:Network IPFilter="false" ZeroConfiguration="false" IPVersion6="false" NTP="1"/>' +
          '<tds:Security UsernameToken="true" HttpDigest="true"/><tds:System DiscoveryBye="true"/></tds:Capabilities>',
      );
    case 'GetScopes':
      return wrap(
        scopes(parts)
          .map(
            (scope) =>
              `<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${escapeXml(scope)}</tt:ScopeItem></tds:Scopes>`,
          )
          .join(''),
      );
    case 'GetEndpointReference':
      return wrap(`<tds:GUID>${endpoint(parts.id)}</tds:GUID>`);
    case 'GetHostname':
      return wrap(
        `<tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP><tt:Name>${escapeXml(parts.id)}</tt:Name></tds:HostnameInformation>`,
      );
    case 'GetNetworkInterfaces':
      return wrap(networkInterfaces(parts));
    case 'GetNTP':
      return wrap(readNtp(parts.clock));
    case 'SetNTP':
      setNtp(request, parts.clock);
      return wrap('');
    case 'GetUsers':
      return wrap(
        `<tds:User><tt:Username>${escapeXml(parts.account.user)}</tt:Username><tt:UserLevel>Administrator</tt:UserLevel></tds:User>`,
      );
    case 'SystemReboot':
      parts.reboot();
      return wrap('<tds:Message>Rebooting</tds:Message>');
    default:
      return undefined;
  }
}

/** A stable endpoint identifier, `urn:uuid:…`, made from the device's id. */
export function endpoint(id: string): string {
  const hex = createHash('sha1').update(`quancheng-virtual ${id}`).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Scopes as the discovery answers carry them, percent-encoded. */
export function scopes(parts: Pick<DeviceParts, 'room' | 'name'>): string[] {
  const base = 'onvif://www.onvif.org';
  return [
    `${base}/type/video_encoder`,
    `${base}/type/audio_encoder`,
    `${base}/Profile/Streaming`,
    `${base}/Profile/T`,
    `${base}/hardware/QC-V1`,
    `${base}/name/${encodeURIComponent(parts.name)}`,
    `${base}/location/${encodeURIComponent(parts.room)}`,
  ];
}

function writeTime(clock: VirtualClock): string {
  const utc = new Date(clock.wallMs());
  const local = new Date(clock.wallMs() + zoneOffsetMs(clock.timeZone));
  const zone = clock.timeZone === '' ? '' : `<tt:TimeZone><tt:TZ>${escapeXml(clock.timeZone)}</tt:TZ></tt:TimeZone>`;
  return (
    `<tds:SystemDateAndTime><tt:DateTimeType>${clock.ntp ? 'NTP' : 'Manual'}</tt:DateTimeType>` +
    `<tt:DaylightSavings>false</tt:DaylightSavings>${zone}` +
    `<tt:UTCDateTime>${fields(utc)}</tt:UTCDateTime><tt:LocalDateTime>${fields(local)}</tt:LocalDateTime></tds:SystemDateAndTime>`
  );
}

function fields(at: Date): string {
  return (
    `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time>` +
    `<tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date>`
  );
}

/** Offset of a POSIX zone such as `CST-8` or `<+08>-8:00`; POSIX counts west of Greenwich as positive. */
function zoneOffsetMs(zone: string): number {
  const match = /^(?:<[^>]+>|[A-Za-z]+)([+-]?)(\d{1,2})(?::(\d{2}))?/.exec(zone);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? minutes : -minutes) * 60_000;
}

function setTime(request: XmlElement, clock: VirtualClock): void {
  const type = textAt(request, 'DateTimeType');
  if (type !== 'Manual' && type !== 'NTP')
    throw new SoapFault(['ter:InvalidArgVal', 'ter:InvalidDateTime'], 'Manual or NTP is needed.');
  const zone = textAt(request, 'TimeZone', 'TZ');
  const utc = child(request, 'UTCDateTime');
  const number = (group: 'Date' | 'Time', name: string) => Number(textAt(utc, group, name) ?? Number.NaN);
  const hasTime = textAt(utc, 'Time', 'Hour') !== undefined;
  const atMs = Date.UTC(
    number('Date', 'Year'),
    number('Date', 'Month') - 1,
    number('Date', 'Day'),
    number('Time', 'Hour'),
    number('Time', 'Minute'),
    number('Time', 'Second'),
  );
  if (type === 'Manual' && hasTime && Number.isNaN(atMs)) {
    throw new SoapFault(['ter:InvalidArgVal', 'ter:InvalidDateTime'], 'The date or time is not valid.');
  }
  if (zone !== undefined) clock.timeZone = zone;
  clock.ntp = type === 'NTP';
  if (type === 'NTP') clock.setOffset(0);
  else if (hasTime) clock.set(atMs);
}

function readNtp(clock: VirtualClock): string {
  const servers = clock.ntpServers.map(
    (name) => `<tt:NTPManual><tt:Type>DNS</tt:Type><tt:DNSname>${escapeXml(name)}</tt:DNSname></tt:NTPManual>`,
  );
  return `<tds:NTPInformation><tt:FromDHCP>false</tt:FromDHCP>${servers.join('')}</tds:NTPInformation>`;
}

function setNtp(request: XmlElement, clock: VirtualClock): void {
  const manual = request['NTPManual'];
  const list = Array.isArray(manual) ? manual : manual === undefined ? [] : [manual as XmlElement];
  clock.ntpServers = list
    .map((entry: XmlElement) => textAt(entry, 'DNSname') ?? textAt(entry, 'IPv4Address') ?? '')
    .filter((name: string) => name !== '');
}

function services(parts: DeviceParts): string {
  const list = [
    ['tds', DEVICE_PATH, '2', '60'],
    ['trt', MEDIA_PATH, '2', '60'],
    ['tr2', MEDIA2_PATH, '2', '60'],
    ['tev', EVENTS_PATH, '2', '60'],
    ['tmd', DEVICE_IO_PATH, '2', '60'],
  ] as const;
  return list
    .map(
      ([prefix, path, major, minor]) =>
        `<tds:Service><tds:Namespace>${namespaceOf(prefix)}</tds:Namespace><tds:XAddr>${escapeXml(parts.httpUri(path))}</tds:XAddr>` +
        `<tds:Version><tt:Major>${major}</tt:Major><tt:Minor>${minor}</tt:Minor></tds:Version></tds:Service>`,
    )
    .join('');
}

function capabilities(parts: DeviceParts): string {
  const address = (path: string) => `<tt:XAddr>${escapeXml(parts.httpUri(path))}</tt:XAddr>`;
  return (
    `<tds:Capabilities><tt:Device>${address(DEVICE_PATH)}</tt:Device>` +
    `<tt:Events>${address(EVENTS_PATH)}<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>` +
    '<tt:WSPullPointSupport>true</tt:WSPullPointSupport>' +
    '<tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>' +
    `<tt:Media>${address(MEDIA_PATH)}<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast>` +
    '<tt:RTP_TCP>false</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media></tds:Capabilities>'
  );
}

function networkInterfaces(parts: DeviceParts): string {
  const mac = endpoint(parts.id)
    .slice(-12)
    .replace(/(..)(?=.)/g, '$1:');
  return (
    '<tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>' +
    `<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>${mac}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>` +
    `<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>${escapeXml(parts.host)}</tt:Address>` +
    '<tt:PrefixLength>8</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces>'
  );
}
