// SOAP 1.2 envelopes in and out, and the faults ONVIF defines for them.

import { XMLParser } from 'fast-xml-parser';

/** One XML element as the parser gives it: children and attributes (with `@`) by local name, text as `#text`. */
export type XmlElement = { readonly [name: string]: XmlElement | readonly XmlElement[] | string | undefined };

export interface SoapCall {
  /** Local name of the operation, for example `GetProfiles`. */
  readonly operation: string;
  readonly request: XmlElement;
  readonly header: XmlElement;
}

/** A refusal with ONVIF's subcodes (Core Specification, 5.8.2). */
export class SoapFault extends Error {
  readonly status: number;
  readonly who: 'Sender' | 'Receiver';
  readonly subcodes: readonly string[];

  constructor(subcodes: readonly string[], reason: string, who: 'Sender' | 'Receiver' = 'Sender') {
    super(reason);
    this.subcodes = subcodes;
    this.who = who;
    this.status = who === 'Sender' ? 400 : 500;
  }
}

const NAMESPACES = {
  env: 'http://www.w3.org/2003/05/soap-envelope',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tr2: 'http://www.onvif.org/ver20/media/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tmd: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
  ter: 'http://www.onvif.org/ver10/error',
  tns1: 'http://www.onvif.org/ver10/topics',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
  wsa: 'http://www.w3.org/2005/08/addressing',
  wstop: 'http://docs.oasis-open.org/wsn/t-1',
} as const;

export type NamespacePrefix = keyof typeof NAMESPACES;

export function namespaceOf(prefix: NamespacePrefix): string {
  return NAMESPACES[prefix];
}

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  htmlEntities: true,
});

/** @throws SoapFault when the text is no SOAP envelope with one operation. */
export function parseSoap(text: string): SoapCall {
  // A document type could define entities that grow without end; no ONVIF client sends one.
  const parsed: unknown = text.includes('<!DOCTYPE') ? undefined : parseQuietly(text);
  const envelope = child(asElement(parsed), 'Envelope');
  const body = child(envelope, 'Body');
  const operation = Object.keys(body).find((name) => !name.startsWith('@') && name !== '#text');
  if (operation === undefined) throw new SoapFault(['ter:WellFormed'], 'This is not a well-formed request.');
  return { operation, request: child(body, operation), header: child(envelope, 'Header') };
}

function parseQuietly(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    return undefined; // what is not XML is answered with a fault like any other malformed request
  }
}

/** The first child of that name, or an empty element. */
export function child(element: XmlElement, name: string): XmlElement {
  const value = element[name];
  return asElement(Array.isArray(value) ? value[0] : value);
}

/** Text of a descendant, following the names; undefined when one is missing. */
export function textAt(element: XmlElement, ...path: readonly string[]): string | undefined {
  let at: unknown = element;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
    if (Array.isArray(at)) at = at[0];
  }
  if (typeof at === 'string') return at;
  if (typeof at === 'object' && at !== null) {
    const text = (at as Record<string, unknown>)['#text'];
    return typeof text === 'string' ? text : undefined;
  }
  return undefined;
}

function asElement(value: unknown): XmlElement {
  return typeof value === 'object' && value !== null ? (value as XmlElement) : {};
}

export function envelope(body: string): string {
  const names = Object.entries(NAMESPACES)
    .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope${names}><env:Body>${body}</env:Body></env:Envelope>`;
}

export function faultBody(fault: SoapFault): string {
  const subcode = fault.subcodes.reduceRight(
    (inner, code) => `<env:Subcode><env:Value>${code}</env:Value>${inner}</env:Subcode>`,
    '',
  );
  return (
    `<env:Fault><env:Code><env:Value>env:${fault.who}</env:Value>${subcode}</env:Code>` +
    `<env:Reason><env:Text xml:lang="en">${escapeXml(fault.message)}</env:Text></env:Reason></env:Fault>`
  );
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
