/**
 * What cameras answer, read from the XML itself: nothing that looks like a number becomes one (firmware 5.10, serial numbers of
 * twenty digits, token 1), and nothing a camera says can carry control characters into a log or onto a screen.
 */
import { XMLParser } from 'fast-xml-parser';
import type { CameraProfile } from '../../controller/core/ports.ts';

const TEXT_MAX = 200;

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  // Character references as in &#x4E2D; are how some cameras write Chinese.
  htmlEntities: true,
});

/** An element of an answer; text is a string, repeated elements are a list. */
export type Element = unknown;

export interface Fault {
  /** All codes and texts of the fault in one line, for people and for telling kinds apart. */
  readonly text: string;
}

/** The content of the SOAP body, or null when this is no SOAP answer at all. */
export function bodyOf(xml: string): Element | null {
  // SOAP 1.2 forbids document types (section 5); with one, entities could be made to grow without end.
  if (/<!DOCTYPE/i.test(xml)) return null;
  try {
    const body = child(child(PARSER.parse(xml), 'Envelope'), 'Body');
    return typeof body === 'object' ? body : null;
  } catch {
    return null;
  }
}

/** The SOAP fault in a body (SOAP 1.2, and 1.1 as old cameras send it), or null. */
export function faultOf(body: Element): Fault | null {
  const fault = child(body, 'Fault');
  if (fault === undefined) return null;
  return { text: clean(textsIn(fault).join(' ')) };
}

/** What GetDeviceInformation says. */
export function identityOf(response: Element): {
  manufacturer: string;
  model: string;
  firmware: string;
  serial: string;
} {
  return {
    manufacturer: textOf(response, 'Manufacturer'),
    model: textOf(response, 'Model'),
    firmware: textOf(response, 'FirmwareVersion'),
    serial: textOf(response, 'SerialNumber'),
  };
}

/** The camera's clock as UTC milliseconds from GetSystemDateAndTime; null when it does not say or says nonsense. */
export function clockOf(response: Element): number | null {
  const utc = child(child(response, 'SystemDateAndTime'), 'UTCDateTime');
  const [date, time] = [child(utc, 'Date'), child(utc, 'Time')];
  const [year, month, day] = ['Year', 'Month', 'Day'].map((name) => numberOf(date, name));
  const [hour, minute, second] = ['Hour', 'Minute', 'Second'].map((name) => numberOf(time, name));
  const parts = [year, month, day, hour, minute, second];
  if (!parts.every((part): part is number => typeof part === 'number')) return null;
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts;
  const ms = Date.UTC(y, mo - 1, d, h, mi, s);
  return Number.isNaN(ms) ? null : ms;
}

export interface MediaPaths {
  /** Path of the Media1 service (ver10), of the Media2 service (ver20); null when there is none. */
  readonly media1: string | null;
  readonly media2: string | null;
}

/** The paths of the media services from GetServices. Their hosts are ignored (Q06). */
export function mediaPathsOfServices(response: Element): MediaPaths {
  const pathOf = (namespace: string): string | null => {
    const service = childrenOf(response, 'Service').find((one) => textOf(one, 'Namespace').includes(namespace));
    return service === undefined ? null : pathIn(textOf(service, 'XAddr'));
  };
  return { media1: pathOf('/ver10/media/'), media2: pathOf('/ver20/media/') };
}

/** The same from GetCapabilities, which knows Media1 only. */
export function mediaPathsOfCapabilities(response: Element): MediaPaths {
  return { media1: pathIn(textOf(child(child(response, 'Capabilities'), 'Media'), 'XAddr')), media2: null };
}

/** The profiles of a GetProfiles answer of Media1 or Media2; entries without token are left out. */
export function profilesOf(response: Element): CameraProfile[] {
  return childrenOf(response, 'Profiles').flatMap((profile) => {
    const token = rawText(child(profile, '@token'));
    if (token === '') return [];
    // Media1 has …EncoderConfiguration in the profile, Media2 has Configurations/…Encoder.
    const video =
      child(profile, 'VideoEncoderConfiguration') ?? child(child(profile, 'Configurations'), 'VideoEncoder');
    const audio =
      child(profile, 'AudioEncoderConfiguration') ?? child(child(profile, 'Configurations'), 'AudioEncoder');
    const size = child(video, 'Resolution');
    return [
      {
        token,
        name: textOf(profile, 'Name'),
        codec: textOf(video, 'Encoding').toUpperCase() || null,
        width: numberOf(size, 'Width'),
        height: numberOf(size, 'Height'),
        audioCodec: textOf(audio, 'Encoding').toUpperCase() || null,
      },
    ];
  });
}

/** The stream's address from GetStreamUri of Media1 or Media2; empty when there is none. */
export function streamUriOf(response: Element): string {
  return rawText(child(child(response, 'MediaUri'), 'Uri') ?? child(response, 'Uri')).replace(/\p{Cc}/gu, '');
}

/** Text from a camera, fit for logs and screens: one line, no control or direction characters, of limited length. */
export function clean(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX)}…` : line;
}

/** Text as element content or attribute value of a request; the library puts texts into its requests as they are. */
export function escapeXml(text: string): string {
  const escapes: { readonly [character: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}

/** A child element or attribute; the first one when repeated. */
export function child(element: Element, name: string): Element | undefined {
  return childrenOf(element, name)[0];
}

function childrenOf(element: Element, name: string): Element[] {
  if (typeof element !== 'object' || element === null || !Object.hasOwn(element, name)) return [];
  const found = (element as { readonly [name: string]: Element })[name];
  return Array.isArray(found) ? found : [found];
}

function textOf(element: Element, name: string): string {
  return clean(rawText(child(element, name)));
}

/** Text of an element that may carry attributes beside it. */
function rawText(element: Element): string {
  const text = typeof element === 'object' ? child(element, '#text') : element;
  return typeof text === 'string' ? text : '';
}

function textsIn(element: Element): string[] {
  if (typeof element === 'string') return [element];
  if (typeof element !== 'object' || element === null) return [];
  return Object.entries(element).flatMap(([name, value]) => (name.startsWith('@') ? [] : textsIn(value)));
}

function numberOf(element: Element, name: string): number | null {
  const text = rawText(child(element, name));
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function pathIn(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { pathname, search } = new URL(address);
  return `${pathname}${search}`;
}
