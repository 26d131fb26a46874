/* A question that stands in front of the page until it is answered; then the keyboard is where it was. */
import * as Radix from "@radix-ui/react-dialog";
import { useState, type ReactNode } from "react";
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
          <div className={css.body}>{children}</div>
          {footer && <div className={css.footer}>{footer}</div>}
        </Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Is drawn only while the dialog is open; what has the keyboard as it is drawn first gets it back. */
function Content({ wide, described, children }: { wide?: boolean; described: boolean; children: ReactNode }) {
  const [before] = useState(() => document.activeElement);
  const goBack = (event: Event) => {
    // Without this the keyboard is nowhere afterwards: Radix gives it back only to a trigger of its own.
    event.preventDefault();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
  return (
    <Radix.Content
      className={`${css.content} ${wide ? css.wide : ""}`}
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
            <Button look="primary" onClick={confirm}>
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
