/** What the control plane needs of the site configuration; the configuration fits it as it is. */

import type { DisplayPlan } from './display.ts';
import type { SiteRules } from './rules/site-rules.ts';

export interface RoomPlan {
  readonly id: string;
  readonly name: string;
  readonly nameEn: string;
}

/** One device is one stream; its id is the stream's. */
export interface DevicePlan {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  readonly kind: 'camera' | 'microphone';
  readonly mandatory: boolean;
  readonly source: { readonly onvif: string; readonly profile?: string } | { readonly rtsp: string };
  readonly transport: 'auto' | 'tcp' | 'udp';
  readonly audio: 'auto' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
}

export interface PersonPlan {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly rooms: 'all' | readonly string[];
}

/** A lamp or a light over a door: switched by HTTP, or by an MQTT topic (of the site's own broker unless it names one). */
export interface IndicatorPlan {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  readonly drive:
    | { readonly http: { readonly on: string; readonly off: string; readonly method: 'get' | 'post' } }
    | {
        readonly mqtt: {
          readonly url?: string | undefined;
          readonly topic: string;
          readonly on: string;
          readonly off: string;
        };
      };
  readonly login: { readonly user: string; readonly password: string } | null;
}

export type Role = 'clerk' | 'presider' | 'custodian' | 'approver' | 'auditor' | 'technician' | 'administrator';

export interface SitePlan {
  /** With what a browser on this machine that is no panel may log in. */
  readonly login: { readonly unpaired: 'secret' | 'pin' };
  readonly site: { readonly id: string; readonly name: string; readonly nameEn: string; readonly demo: boolean };
  readonly recording: {
    readonly preRollS: number;
    readonly postRollS: number;
    readonly segmentS: number;
    readonly armedForS: number;
  };
  /** Times around hearings; the usual ones when it is left out. */
  readonly hearings?: {
    readonly armBeforeMin: number;
    readonly patienceMin: number;
    readonly ceilingH: number;
    readonly silenceMin: number;
    readonly countdownMin: number;
    readonly leadMin: number;
  };
  /** The rule set that sessions are held under now, and the calendar. */
  readonly rules: SiteRules;
  readonly rooms: readonly RoomPlan[];
  readonly devices: readonly DevicePlan[];
  readonly people: readonly PersonPlan[];
  readonly displays?: readonly DisplayPlan[];
  readonly indicators?: readonly IndicatorPlan[];
}
