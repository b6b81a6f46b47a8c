/** What is told to people who are being recorded: the wording by law, shown while a room records or is meant to. */

export const NOTICE = {
  zh: '为保护您的合法权益，监督我的执法行为，对本次执法事项将全程录音录像。',
  en: 'To protect your lawful rights and interests and to supervise how I enforce the law, this matter is recorded in sound and picture from beginning to end.',
} as const;
