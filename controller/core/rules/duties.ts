/**
 * What the product does for the law, each under one name, so that a clause can say what answers it and a screen can say which clause it
 * stands for. The names are the product's; which clause asks for which is data of the rule sets.
 */
import type { Words } from './rule-set.ts';

export const DUTIES = {
  equipment: { zh: '场所配备音像记录设备', en: 'Rooms and halls have recording equipment' },
  recording: { zh: '执法活动同步音像记录', en: 'The activity is recorded in sound and picture' },
  'start-before-stop-after': {
    zh: '事项开始前启动、结束后关闭',
    en: 'Recording begins before the matter and ends after it',
  },
  telling: { zh: '开启时告知当事人', en: 'The parties are told when recording begins' },
  'whole-course': { zh: '全程不间断记录', en: 'The whole course without interruption, selection or insertion' },
  'interruption-explained': { zh: '中断原因语音说明', en: 'After an interruption its cause is spoken' },
  'record-shows': { zh: '记录信息要素完整', en: 'The record shows time, place, matter, people and course' },
  'hall-notice': { zh: '办事大厅监控提示', en: 'A notice in the hall says that it is monitored' },
  'hall-hours': { zh: '工作时间完整记录', en: 'The hall is recorded during all working hours' },
  focus: { zh: '重点内容摄录', en: 'What matters most is recorded and marked' },
  'no-private-copies': { zh: '不得自行保存', en: 'Officers keep no copies of their own' },
  'hand-over': { zh: '限期保存入库', en: 'The recording is handed over in time' },
  retention: { zh: '按期限保管', en: 'The recording is kept for its period' },
  hold: { zh: '长期保存', en: 'The recording is kept for good where there is a reason' },
  archive: { zh: '限期归档', en: 'The file is archived in time' },
  'no-destruction': { zh: '不得毁损、删除、修改', en: 'Nothing is destroyed, deleted or changed' },
  storage: { zh: '存储安全与维护', en: 'Storage is safe and looked after' },
  secrecy: { zh: '保密与权限', en: 'Secrets and privacy are guarded by authority' },
  'fetch-and-count': { zh: '调取、统计、查询', en: 'Authorised people fetch, count and query' },
  'party-copy': { zh: '当事人查看复制', en: 'A party may view or copy with consent' },
  'evidence-copy': { zh: '证据复制与说明', en: 'Copies for evidence come with a written note' },
  'named-people': { zh: '明确专门人员', en: 'Named people file, keep and use the material' },
  supervision: { zh: '监督考核', en: 'Review, supervision and assessment' },
  responsibility: { zh: '责任追究', en: 'Doing it wrong has consequences' },
} as const satisfies { readonly [duty: string]: Words };

export type Duty = keyof typeof DUTIES;

/** True for the name of a duty. */
export function isDuty(name: string): name is Duty {
  return Object.hasOwn(DUTIES, name);
}
