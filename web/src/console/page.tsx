// The staff's page: who you are, then the console in your language.

import { useCallback, useEffect, useState } from "preact/hooks";
import { IconDoor } from "../shared/icons.tsx";
import { pickLanguage, rememberedLanguage, rememberLanguage, type Language } from "../shared/language.ts";
import { Console } from "./console.tsx";
import { keepToken, takeToken } from "./token.ts";
import { WORDS, type Words } from "./words.ts";

export function ConsolePage() {
  const [token, setToken] = useState(takeToken);
  const [refused, setRefused] = useState(false);
  const [language, setLanguage] = useState<Language>(() =>
    pickLanguage(rememberedLanguage(), null, navigator.languages),
  );
  const words = WORDS[language];
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${words.title} · Doorstep`; // the gate's; the console says more
  }, [language]);

  const toggleLanguage = (): void => {
    const other: Language = language === "en" ? "zh-CN" : "en";
    rememberLanguage(other);
    setLanguage(other);
  };
  const enter = (given: string): void => {
    keepToken(given);
    setRefused(false);
    setToken(given);
  };
  const leave = useCallback((wasRefused: boolean) => {
    keepToken(null);
    setRefused(wasRefused);
    setToken(null);
  }, []);
  const toggle = (
    <button
      type="button"
      class="text-button"
      lang={language === "en" ? "zh-CN" : "en"}
      aria-label={words.otherLanguageLabel}
      onClick={toggleLanguage}
    >
      {words.otherLanguage}
    </button>
  );
  if (token === null) return <Gate words={words} refused={refused} enter={enter} toggle={toggle} />;
  return <Console key={token} {...{ token, words, language, leave, toggle }} />;
}

function Gate(props: { words: Words; refused: boolean; enter: (token: string) => void; toggle: preact.JSX.Element }) {
  const { words } = props;
  const [text, setText] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim()) props.enter(text.trim());
  };
  return (
    <main class="gate">
      <form class="card gate-card" onSubmit={submit}>
        <IconDoor />
        <h1>{words.tokenTitle}</h1>
        <p class="quiet">{words.tokenHint}</p>
        <label>
          {words.tokenLabel}
          <input
            type="password"
            autocomplete="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        {props.refused && (
          <p class="trouble" role="alert">
            {words.tokenWrong}
          </p>
        )}
        <button type="submit" class="button">
          {words.enter}
        </button>
        {props.toggle}
      </form>
    </main>
  );
}
