/** The button that shows the page in the other language. */
import { language, say, switchLanguage } from '../words/language.ts';

export function LanguageSwitch() {
  return (
    <button
      type="button"
      class="quiet"
      lang={language.value === 'zh' ? 'en' : 'zh-CN'}
      title={say('language.switch')}
      onClick={switchLanguage}
    >
      {say('language.other')}
    </button>
  );
}
