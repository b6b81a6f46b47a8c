/** What the control plane needs of the site configuration; the configuration fits it as it is. */

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

export type Role = 'clerk' | 'presider' | 'custodian' | 'approver' | 'auditor' | 'technician' | 'administrator';

export interface SitePlan {
  readonly site: { readonly id: string; readonly name: string; readonly nameEn: string; readonly demo: boolean };
  readonly recording: {
    readonly preRollS: number;
    readonly postRollS: number;
    readonly segmentS: number;
    readonly armedForS: number;
  };
  readonly rooms: readonly RoomPlan[];
  readonly devices: readonly DevicePlan[];
  readonly people: readonly PersonPlan[];
}
