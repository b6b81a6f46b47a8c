/** A device that answers each ONVIF call with what a test wrote down, over real HTTP: for answers no honest camera gives. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = string | ((request: IncomingMessage, body: string, response: ServerResponse) => void);

export interface ScriptedCamera {
  /** host:port */
  readonly address: string;
  /** Names of the calls received, in order. */
  readonly calls: readonly string[];
  readonly bodies: readonly string[];
  close(): Promise<void>;
}

/** Starts one on a free port. `answers` is by call name, `*` for all others; a text is the content of the SOAP body. */
export async function scriptedCamera(answers: { readonly [call: string]: Answer }): Promise<ScriptedCamera> {
  const calls: string[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const call = /<s:Body[^>]*>\s*<([A-Za-z]+)/.exec(body)?.[1] ?? 'none';
      calls.push(call);
      bodies.push(body);
      const answer = answers[call] ?? answers['*'] ?? '';
      if (typeof answer === 'function') answer(request, body, response);
      else response.writeHead(200, { 'content-type': 'application/soap+xml' }).end(envelope(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function envelope(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><env:Body>${content}</env:Body></env:Envelope>`;
}

export function clock(wallMs: number): string {
  const at = new Date(wallMs);
  const time = `<tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second>`;
  const date = `<tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day>`;
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:UTCDateTime><tt:Time>${time}</tt:Time><tt:Date>${date}</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}

export function identity(firmware: string, serial: string): string {
  return `<tds:GetDeviceInformationResponse><tds:Manufacturer>厂商 &amp; Co</tds:Manufacturer><tds:Model>true</tds:Model><tds:FirmwareVersion>${firmware}</tds:FirmwareVersion><tds:SerialNumber>${serial}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`;
}

export function service(namespace: string, address: string): string {
  return `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${address}</tds:XAddr></tds:Service>`;
}

export function fault(subcode: string, text: string, status = 400): Answer {
  const content = `<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>${subcode}</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">${text}</env:Text></env:Reason></env:Fault>`;
  return (_request, _body, response) => void response.writeHead(status).end(envelope(content));
}

/** True when the WS-UsernameToken of a request is right by the standard (UTF-8 password, escaped user). */
export function tokenIsRight(body: string, escapedUser: string, password: string): boolean {
  const part = (name: string): string => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
  const digest = createHash('sha1')
    .update(Buffer.from(part('Nonce'), 'base64'))
    .update(part('Created'))
    .update(password, 'utf8')
    .digest('base64');
  return part('Username') === escapedUser && part('Password') === digest;
}
