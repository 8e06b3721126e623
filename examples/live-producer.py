"""
Sends a JPEG twice to fer live and prints the labels.

  pip install websockets
  python3 examples/live-producer.py ws://127.0.0.1:8787/v1/produce face.jpg
"""
import asyncio, json, struct, sys, time
import websockets

async def main(url, path):
    jpeg = open(path, "rb").read()
    async with websockets.connect(url) as socket:
        print(await socket.recv())
        for sequence in range(2):
            await socket.send(struct.pack(">BBHId", 1, 1, 0, sequence, time.time() * 1000) + jpeg)
            while (answer := json.loads(await socket.recv())).get("sequence") != sequence: pass
            print(answer.get("code") or [(face["label"], face["probabilities"][face["label"]]) for face in answer.get("faces", [])])

asyncio.run(main(*sys.argv[1:]))
