// On-screen texts of a camera. They are kept, limited and read back as on a real one; the prepared picture does not change.

import { child, escapeXml, type NamespacePrefix, SoapFault, textAt, type XmlElement } from './soap.ts';

/** Largest number of texts and of characters in one; a switch may change them (Q20). */
export interface OsdLimits {
  max: number;
  textLength: number;
}

interface Osd {
  readonly token: string;
  readonly position: { readonly type: string; readonly x: string | undefined; readonly y: string | undefined };
  readonly kind: string;
  readonly plainText: string;
  readonly dateFormat: string;
  readonly timeFormat: string;
  readonly fontSize: string;
}

const CORNERS = ['UpperLeft', 'UpperRight', 'LowerLeft', 'LowerRight', 'Custom'];
const KINDS = ['Plain', 'Date', 'Time', 'DateAndTime'];
const DEFAULT_FONT_SIZE = '32';

export class OsdStore {
  readonly limits: OsdLimits;
  readonly #videoSourceConfiguration: string;
  readonly #texts = new Map<string, Osd>();
  #nextToken = 1;

  constructor(limits: OsdLimits, videoSourceConfiguration: string, firstText: string) {
    this.limits = limits;
    this.#videoSourceConfiguration = videoSourceConfiguration;
    if (limits.max > 0) this.#store(this.#newToken(), { ...blank(), plainText: clip(firstText, limits.textLength) });
  }

  /** Plain texts shown now, by token; what a test compares with. */
  plainTexts(): Record<string, string> {
    return Object.fromEntries([...this.#texts.values()].map((osd) => [osd.token, osd.plainText]));
  }

  getAll(prefix: NamespacePrefix, request: XmlElement): string {
    const only = textAt(request, 'OSDToken');
    const shown = [...this.#texts.values()].filter((osd) => only === undefined || osd.token === only);
    return `<${prefix}:GetOSDsResponse>${shown.map((osd) => this.#write(`${prefix}:OSDs`, osd)).join('')}</${prefix}:GetOSDsResponse>`;
  }

  getOne(prefix: NamespacePrefix, request: XmlElement): string {
    return `<${prefix}:GetOSDResponse>${this.#write(`${prefix}:OSD`, this.#find(textAt(request, 'OSDToken')))}</${prefix}:GetOSDResponse>`;
  }

  options(prefix: NamespacePrefix): string {
    const list = (name: string, values: readonly string[]) =>
      values.map((value) => `<tt:${name}>${value}</tt:${name}>`).join('');
    const { max, textLength } = this.limits;
    return (
      `<${prefix}:GetOSDOptionsResponse><${prefix}:OSDOptions>` +
      `<tt:MaximumNumberOfOSDs Total="${max}" PlainText="${max}" DateAndTime="1"/><tt:Type>Text</tt:Type>` +
      `${list('PositionOption', CORNERS)}<tt:TextOption>${list('Type', KINDS)}` +
      `<tt:FontSizeRange><tt:Min>16</tt:Min><tt:Max>64</tt:Max></tt:FontSizeRange>` +
      `${list('DateFormat', ['yyyy-MM-dd'])}${list('TimeFormat', ['HH:mm:ss'])}` +
      `<tt:Extension><tt:PlainTextMaxLength>${textLength}</tt:PlainTextMaxLength></tt:Extension></tt:TextOption>` +
      `</${prefix}:OSDOptions></${prefix}:GetOSDOptionsResponse>`
    );
  }

  create(prefix: NamespacePrefix, request: XmlElement): string {
    const osd = this.#read(child(request, 'OSD'));
    if (this.#texts.size >= this.limits.max) {
      throw new SoapFault(
        ['ter:Action', 'ter:MaxOSDs'],
        `No more than ${this.limits.max} texts can be shown.`,
        'Receiver',
      );
    }
    const token = this.#newToken();
    this.#store(token, osd);
    return `<${prefix}:CreateOSDResponse><${prefix}:OSDToken>${token}</${prefix}:OSDToken></${prefix}:CreateOSDResponse>`;
  }

  set(prefix: NamespacePrefix, request: XmlElement): string {
    const element = child(request, 'OSD');
    const { token } = this.#find(textAt(element, '@token'));
    this.#store(token, this.#read(element));
    return `<${prefix}:SetOSDResponse/>`;
  }

  remove(prefix: NamespacePrefix, request: XmlElement): string {
    this.#texts.delete(this.#find(textAt(request, 'OSDToken')).token);
    return `<${prefix}:DeleteOSDResponse/>`;
  }

  #find(token: string | undefined): Osd {
    const osd = this.#texts.get(token ?? '');
    if (osd === undefined) throw new SoapFault(['ter:InvalidArgVal', 'ter:NoConfig'], 'There is no such text.');
    return osd;
  }

  #newToken(): string {
    return `OSD_${this.#nextToken++}`;
  }

  #store(token: string, osd: Omit<Osd, 'token'>): void {
    this.#texts.set(token, { token, ...osd });
  }

  #read(element: XmlElement): Omit<Osd, 'token'> {
    const text = child(element, 'TextString');
    const position = child(element, 'Position');
    const type = textAt(position, 'Type') ?? '';
    const kind = textAt(text, 'Type') ?? '';
    const plainText = textAt(text, 'PlainText') ?? '';
    if (!CORNERS.includes(type) || !KINDS.includes(kind) || textAt(element, 'Type') !== 'Text') {
      throw new SoapFault(
        ['ter:InvalidArgVal', 'ter:ConfigModify'],
        'The text has a position or kind that is not offered.',
      );
    }
    if (textAt(element, 'VideoSourceConfigurationToken') !== this.#videoSourceConfiguration) {
      throw new SoapFault(['ter:InvalidArgVal', 'ter:NoConfig'], 'There is no such video source configuration.');
    }
    if ([...plainText].length > this.limits.textLength) {
      throw new SoapFault(
        ['ter:InvalidArgVal', 'ter:ConfigModify'],
        `The text has more than ${this.limits.textLength} characters.`,
      );
    }
    return {
      position: { type, x: textAt(position, 'Pos', '@x'), y: textAt(position, 'Pos', '@y') },
      kind,
      plainText,
      dateFormat: textAt(text, 'DateFormat') ?? '',
      timeFormat: textAt(text, 'TimeFormat') ?? '',
      fontSize: textAt(text, 'FontSize') ?? DEFAULT_FONT_SIZE,
    };
  }

  #write(name: string, osd: Osd): string {
    const optional = (tag: string, value: string) => (value === '' ? '' : `<tt:${tag}>${escapeXml(value)}</tt:${tag}>`);
    const { type, x, y } = osd.position;
    const place = x !== undefined && y !== undefined ? `<tt:Pos x="${escapeXml(x)}" y="${escapeXml(y)}"/>` : '';
    return (
      `<${name} token="${osd.token}"><tt:VideoSourceConfigurationToken>${this.#videoSourceConfiguration}</tt:VideoSourceConfigurationToken>` +
      `<tt:Type>Text</tt:Type><tt:Position><tt:Type>${type}</tt:Type>${place}</tt:Position><tt:TextString>` +
      `<tt:Type>${osd.kind}</tt:Type>${optional('DateFormat', osd.dateFormat)}${optional('TimeFormat', osd.timeFormat)}` +
      `${optional('FontSize', osd.fontSize)}${optional('PlainText', osd.plainText)}</tt:TextString></${name}>`
    );
  }
}

function blank(): Omit<Osd, 'token'> {
  const position = { type: 'LowerLeft', x: undefined, y: undefined };
  return { position, kind: 'Plain', plainText: '', dateFormat: '', timeFormat: '', fontSize: DEFAULT_FONT_SIZE };
}

function clip(text: string, length: number): string {
  return [...text].slice(0, length).join('');
}
