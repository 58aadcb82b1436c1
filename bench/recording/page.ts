/**
 * What is recorded: four tiles of moving picture at 30 frames a second, as of a meeting of four, and a tone. It speaks
 * to the recorder as the recording SDK does.
 */
export const PAGE = `<!doctype html>
<style>
  body { margin: 0; background: #222; display: grid; grid-template: 1fr 1fr / 1fr 1fr; height: 100vh; gap: 8px; }
  video { width: 100%; height: 100%; object-fit: cover; }
</style>
<body>
<script>
  for (let tile = 0; tile < 4; tile++) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const picture = canvas.getContext('2d');
    let frame = 0;
    setInterval(() => {
      frame += 1;
      picture.fillStyle = 'hsl(' + ((tile * 90 + frame / 4) % 360) + ' 60% 40%)';
      picture.fillRect(0, 0, 640, 360);
      picture.fillStyle = '#eee';
      picture.beginPath();
      picture.arc(320 + 200 * Math.sin(frame / 20), 180, 80, 0, 7);
      picture.fill();
    }, 1000 / 30);
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
    video.srcObject = canvas.captureStream(30);
    document.body.append(video);
  }
  const sound = new AudioContext();
  const tone = new OscillatorNode(sound);
  tone.connect(new GainNode(sound, { gain: 0.2 })).connect(sound.destination);
  tone.start();
  const socket = new WebSocket('ws://localhost:8080/ws');
  socket.onopen = () => socket.send(JSON.stringify({ type: 'StartRecording' }));
</script>`;
