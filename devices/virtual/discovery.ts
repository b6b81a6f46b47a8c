// WS-Discovery (2005/04) of one camera: Hello when it comes, ProbeMatch when it is asked, Bye when it goes. Several cameras
// of one machine share the port.

import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { XMLParser } from 'fast-xml-parser';
import { child, escapeXml, textAt, type XmlElement } from './soap.ts';

const DISCOVERY_PORT = 3702;
const DISCOVERY_GROUP = '239.255.255.250';
const MAX_DATAGRAM_BYTES = 8_192;
const OFFERED_TYPES = ['NetworkVideoTransmitter', 'Device'];

export interface DiscoveryParts {
  /** Address of the interface to join the group on; `127.0.0.1` is the loopback. */
  readonly interfaceAddress: string;
  readonly endpoint: string;
  readonly scopes: readonly string[];
  /** Addresses of the device service; read at every answer. */
  readonly addresses: () => readonly string[];
}

export class DiscoveryResponder {
  readonly #parts: DiscoveryParts;
  #socket: Socket | undefined;
  #isAway = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Waits until the group is joined and Hello is sent. */
  async listen(): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // Bound to the group, so that nothing but discovery reaches this socket.
      socket.bind(DISCOVERY_PORT, DISCOVERY_GROUP, resolve);
    });
    socket.on('error', () => {}); // an answer that could not be sent is lost, as on a network
    socket.addMembership(DISCOVERY_GROUP, this.#parts.interfaceAddress);
    socket.setMulticastInterface(this.#parts.interfaceAddress);
    socket.on('message', (message, from) => {
      if (!this.#isAway) this.#probed(message, from.port, from.address);
    });
    this.#socket = socket;
    await this.#announce('Hello');
  }

  setAway(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** @param withBye is false when the camera vanishes without a farewell. */
  async close(withBye: boolean): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (withBye && !this.#isAway) await this.#announce('Bye');
    this.#socket = undefined;
    await new Promise<void>((resolve) => socket.close(resolve));
  }

  #announce(kind: 'Hello' | 'Bye'): Promise<void> {
    const body = `<d:${kind}>${this.#identity()}${kind === 'Hello' ? this.#details() : ''}</d:${kind}>`;
    const to = 'urn:schemas-xmlsoap-org:ws:2005:04:discovery';
    const text = message(kind, to, undefined, body);
    return new Promise((resolve) => {
      if (this.#socket === undefined) resolve();
      else this.#socket.send(text, DISCOVERY_PORT, DISCOVERY_GROUP, () => resolve());
    });
  }

  #probed(datagram: Buffer, port: number, address: string): void {
    const envelope = parse(datagram);
    const header = child(envelope, 'Header');
    const action = textAt(header, 'Action') ?? '';
    if (!action.endsWith('/discovery/Probe')) return;
    const probe = child(child(envelope, 'Body'), 'Probe');
    if (!this.#matches(textAt(probe, 'Types') ?? '', textAt(probe, 'Scopes') ?? '')) return;
    const body = `<d:ProbeMatches><d:ProbeMatch>${this.#identity()}${this.#details()}</d:ProbeMatch></d:ProbeMatches>`;
    const to = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous';
    this.#socket?.send(message('ProbeMatches', to, textAt(header, 'MessageID'), body), port, address, () => {});
  }

  /** No types or no scopes ask for everything. */
  #matches(types: string, wanted: string): boolean {
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
    const knowsTypes = words(types).every((type) => OFFERED_TYPES.includes(type.replace(/^.*:/, '')));
    return knowsTypes && words(wanted).every((scope) => this.#parts.scopes.some((own) => own.startsWith(scope)));
  }

  #identity(): string {
    return `<a:EndpointReference><a:Address>${this.#parts.endpoint}</a:Address></a:EndpointReference>`;
  }

  #details(): string {
    return (
      `<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>${escapeXml(this.#parts.scopes.join(' '))}</d:Scopes>` +
      `<d:XAddrs>${escapeXml(this.#parts.addresses().join(' '))}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`
    );
  }
}

const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false });

function parse(datagram: Buffer): XmlElement {
  const text = datagram.toString('utf8');
  if (datagram.length > MAX_DATAGRAM_BYTES || text.includes('<!DOCTYPE')) return {};
  try {
    return child(parser.parse(text) as XmlElement, 'Envelope');
  } catch {
    return {}; // not XML: nothing to answer
  }
}

function message(action: string, to: string, relatesTo: string | undefined, body: string): string {
  const relates = relatesTo === undefined ? '' : `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" ' +
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">' +
    `<s:Header><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>${relates}<a:To>${to}</a:To>` +
    `<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/${action}</a:Action></s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}
