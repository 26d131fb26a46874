/* What a hand can press, type into or choose. */
import {
  useState,
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import { Link } from "react-router";
import { copyText } from "./copy";
import css from "./controls.module.css";
import { Icon, type IconName } from "./icons";

type Look = { look?: "primary" | "danger" | "quiet"; small?: boolean; icon?: IconName };

function classes({ look, small }: Look): string {
  return [css.button, look && css[look], small && css.small].filter(Boolean).join(" ");
}

export function Button({ look, small, icon, children, ...rest }: Look & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className={classes({ look, small })} {...rest}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}

export function LinkButton({ look, small, icon, to, children }: Look & { to: string; children: ReactNode }) {
  return (
    <Link className={classes({ look, small })} to={to}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </Link>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <label className={css.field}>
      <span className={css.fieldLabel}>{label}</span>
      {children}
      {hint && <span className={css.hint}>{hint}</span>}
    </label>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const number = rest.type === "number" ? css.number : "";
  return <input className={`${css.input} ${number} ${className ?? ""}`} {...rest} />;
}

export function Textarea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea className={`${css.input} ${css.text} ${className ?? ""}`} {...rest} />;
}

export type Option = { value: string; title: string };

export function Select({ options, ...rest }: { options: Option[] } & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <select className={css.select} {...rest}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.title}
        </option>
      ))}
    </select>
  );
}

export function Switch({
  checked,
  onChange,
  children,
  disabled,
}: {
  checked: boolean;
  onChange: (on: boolean) => void;
  children: ReactNode;
  disabled?: boolean;
}) {
  return (
    <label className={css.switch}>
      <input type="checkbox" role="switch" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      <span>{children}</span>
    </label>
  );
}

export function Segmented({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: Option[];
  onChange: (value: string) => void;
}) {
  return (
    <div className={css.segmented} role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.title}
        </button>
      ))}
    </div>
  );
}

/** Text to paste elsewhere, with a button that copies it. `shown`: what stands there instead, where a part of it is secret. */
export function Snippet({ text, label, shown }: { text: string; label: string; shown?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div className={css.snippet}>
      <pre aria-label={label} tabIndex={0}>
        {shown ?? text}
      </pre>
      <Button small icon={copied ? "check" : "copy"} onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
