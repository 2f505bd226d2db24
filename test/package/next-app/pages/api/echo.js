export default function echo({ method, body }, response) {
  response.json({ method, body });
}
