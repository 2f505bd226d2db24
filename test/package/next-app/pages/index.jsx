export const getServerSideProps = () => ({ props: { by: 'the server' } });

export default function Page({ by }) {
  return <p>rendered by {by}</p>;
}
