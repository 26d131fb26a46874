/* The camera of this device: one frame after the other is answered and drawn; a frame that is taken is sent like a dropped image. */
import { useEffect, useRef, useState } from "react";
import { Button } from "../design/controls";
import { Notice } from "../design/status";
import { Answered } from "./Answered";
import { ask, isWhole, type Door, type Shown } from "./ask";
import css from "./deployments.module.css";

const WIDEST = 1280;

type Props = { door: Door; labels: readonly string[]; threshold: number; onTake: (file: File) => void };

export function Camera({ door, labels, threshold, onTake }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [problem, setProblem] = useState("");
  const { look } = door;
  useEffect(() => {
    const stop = new AbortController();
    const ended = follow(video, { look }, stop.signal, (next) =>
      setShown((before) => {
        if (before) URL.revokeObjectURL(before.src);
        return next;
      }),
    );
    ended.catch((error: unknown) => !stop.signal.aborted && setProblem(whyNot(error)));
    return () => stop.abort();
  }, [look]);
  const take = async () => {
    const frame = video.current && (await frameOf(video.current));
    if (frame) onTake(new File([frame], "camera.jpg", { type: frame.type }));
  };
  return (
    <div className={css.camera}>
      <video ref={video} muted playsInline className={shown ? "visually-hidden" : undefined} aria-label="The camera" />
      {shown && <Answered shown={shown} threshold={threshold} labels={labels} whole={isWhole(shown.answer)} wide={600} />}
      {problem && <Notice tone="bad">{problem}</Notice>}
      <Button disabled={!shown} onClick={() => void take()}>
        Take this image
      </Button>
    </div>
  );
}

async function follow(
  video: { current: HTMLVideoElement | null },
  door: Door,
  signal: AbortSignal,
  show: (shown: Shown) => void,
): Promise<void> {
  if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: WIDEST } } });
  const end = () => stream.getTracks().forEach((track) => track.stop());
  signal.addEventListener("abort", end);
  if (signal.aborted || !video.current) return end();
  video.current.srcObject = stream;
  await video.current.play();
  while (!signal.aborted && video.current) {
    const frame = await frameOf(video.current);
    if (frame) show(await ask(door, frame, false, signal));
  }
}

function frameOf(video: HTMLVideoElement): Promise<Blob | null> {
  const scale = Math.min(1, WIDEST / Math.max(1, video.videoWidth));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

function whyNot(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The camera was not allowed. Allow it in the browser's address bar, then press “Use the camera” again.";
  if (name === "NotFoundError") return "This device has no camera.";
  if (name === "SecurityError") return "Browsers give the camera only to pages that come over https, or from this machine itself.";
  return error instanceof Error ? error.message : String(error);
}
