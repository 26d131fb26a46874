/* A question that stands in front of the page until it is answered; then the keyboard is where it was. */
import * as Radix from "@radix-ui/react-dialog";
import { useRef, useState, type ReactNode } from "react";
import { Button } from "./controls";
import css from "./Dialog.module.css";
import { Icon } from "./icons";

export function Dialog({
  open,
  onClose,
  title,
  lead,
  wide,
  children,
  footer,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  lead?: ReactNode;
  wide?: boolean;
  children?: ReactNode;
  footer?: ReactNode;
}) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={css.overlay} />
        <Content wide={wide} described={Boolean(lead)}>
          <div className={css.head}>
            <Radix.Title asChild>
              <h2>{title}</h2>
            </Radix.Title>
            <Radix.Close asChild>
              <button type="button" className={css.close} aria-label="Close">
                <Icon name="cross" />
              </button>
            </Radix.Close>
          </div>
          {lead && <Radix.Description className={css.lead}>{lead}</Radix.Description>}
          <div className={css.body} data-body>
            {children}
          </div>
          {footer && (
            <div className={css.footer} data-footer>
              {footer}
            </div>
          )}
        </Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const FIELD = "input, select, textarea";

/** Where the keyboard goes first: a field, else the first of several answers, which does nothing; never the cross. */
function first(content: HTMLElement): HTMLElement {
  const usable = (what: string) =>
    [...content.querySelectorAll<HTMLElement>(what)].filter((one) => !one.matches(":disabled") && one.getClientRects().length > 0);
  // On a phone a field brings a keyboard up that covers half of the question.
  const [field] = matchMedia("(pointer: coarse)").matches ? [] : usable(`[data-body] :is(${FIELD})`);
  const answers = usable("[data-footer] button");
  return field ?? (answers.length > 1 ? answers[0] : usable("[data-body] :is(button, a[href], summary)")[0]) ?? content;
}

/** What a dialog asks may still be on its way: then the keyboard goes there as it comes, unless it is elsewhere by then. */
function begin(content: HTMLElement): void {
  first(content).focus();
  const waits = new MutationObserver(() => {
    if (document.activeElement === content) first(content).focus();
    if (document.activeElement !== content) waits.disconnect();
  });
  if (document.activeElement === content) waits.observe(content, { childList: true, subtree: true });
}

/** Is drawn only while the dialog is open; what has the keyboard as it is drawn first gets it back. */
function Content({ wide, described, children }: { wide?: boolean; described: boolean; children: ReactNode }) {
  const [before] = useState(() => document.activeElement);
  const drawn = useRef<HTMLDivElement>(null);
  const goIn = (event: Event) => {
    event.preventDefault();
    if (drawn.current) begin(drawn.current);
  };
  const goBack = (event: Event) => {
    // Without this the keyboard is nowhere afterwards: Radix gives it back only to a trigger of its own.
    event.preventDefault();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
  return (
    <Radix.Content
      className={`${css.content} ${wide ? css.wide : ""}`}
      ref={drawn}
      onOpenAutoFocus={goIn}
      onCloseAutoFocus={goBack}
      {...(described ? {} : { "aria-describedby": undefined })}
    >
      {children}
    </Radix.Content>
  );
}

/** A button that asks once more before it acts. */
export function Confirm({
  button,
  title,
  lead,
  action,
  otherwise = "Cancel",
  danger,
  small,
  onConfirm,
  children,
}: {
  button: string;
  title: string;
  lead: ReactNode;
  action: string;
  /** What the way out is called: another word where the action itself is to cancel. */
  otherwise?: string;
  danger?: boolean;
  small?: boolean;
  onConfirm: () => void;
  children?: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const confirm = () => {
    setOpen(false);
    onConfirm();
  };
  return (
    <>
      <Button small={small} look={danger ? "danger" : undefined} onClick={() => setOpen(true)}>
        {button}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={title}
        lead={lead}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>{otherwise}</Button>
            <Button look={danger ? "danger" : "primary"} onClick={confirm}>
              {action}
            </Button>
          </>
        }
      >
        {children}
      </Dialog>
    </>
  );
}
