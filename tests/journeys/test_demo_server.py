"""Two demonstrations started at the same moment have a server each."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from relens.demo.server_process import ServerProcess


def test_two_servers_started_at_once_do_not_take_each_other_for_their_own(tmp_path: Path) -> None:
    servers = [ServerProcess(tmp_path / str(number), None) for number in range(2)]
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(ServerProcess.start, servers))
        assert servers[0].port != servers[1].port
    finally:
        for server in servers:
            server.stop()
