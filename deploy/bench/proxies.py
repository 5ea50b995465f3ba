"""The processes of a measurement: the upstream, the proxies, and h2load, which asks them."""
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import machine

HERE = Path(__file__).resolve().parent
BODY = 'x' * 128
LARGE = 1 << 20
NEEDED = {'h2load': 'apt-get install nghttp2-client', 'nginx': 'apt-get install nginx'}


class Missing(Exception):
    """Something that a measurement cannot do without."""


class NoAnswer(RuntimeError):
    """Not one good answer in a whole round."""


def program(name):
    """Debian keeps servers where only root looks."""
    return shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin')


class Bench:
    """Started processes end with the block, however it ends."""

    PROXIES = ['mesh', 'haproxy', 'nginx', 'envoy']
    VERSION = {'mesh': [], 'haproxy': ['-v'], 'nginx': ['-v'], 'envoy': ['--version'], 'h2load': ['--version']}

    def __init__(self, directory, mesh):
        for name, install in NEEDED.items():
            if program(name) is None:
                raise Missing(f'{name} is not on the PATH (expected: {install})')
        if not os.access(mesh, os.X_OK):
            raise Missing(f'{mesh} cannot be run (expected: the launcher mesh)')
        self.directory = directory
        self.mesh = mesh
        self.commands = {}
        self.running = {}
        self.ports = {}
        cores = sorted(os.sched_getaffinity(0))
        self.cores = set(cores)
        # With one core they share it, and only ratios mean something.
        self.proxy_cores = set(cores[:1])
        self.load_cores = set(cores[1:]) or set(cores)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def installed(self):
        return [each for each in self.PROXIES if each == 'mesh' or program(each)]

    def start(self, subjects):
        for subject in subjects:
            if subject != 'mesh' and program(subject) is None:
                raise Missing(f'{subject} is not on the PATH (expected: it installed, or --subjects without it)')
        certificates = self.directory / 'certs'
        self.run_once([str(self.mesh), 'keygen', '--out', str(certificates), '--id', 'spiffe://mesh.local/bench'])
        pair = certificates / 'bench.pem'
        pair.touch(0o600)
        pair.write_text((certificates / 'bench.crt').read_text() + (certificates / 'bench.key').read_text())
        self.start_upstream()
        commands = {
            'mesh': [str(self.mesh), 'proxy', 'start', '--concurrency', '1', '--drain-delay', '0s', '--config'],
            'haproxy': [program('haproxy'), '-db', '-f'],
            'nginx': [program('nginx'), '-e', 'stderr', '-c'],
            'envoy': [program('envoy'), '--concurrency', '1', '--disable-hot-restart', '-l', 'error', '-c'],
        }
        for subject in subjects:
            file = {'mesh': 'mesh.yaml', 'haproxy': 'haproxy.cfg', 'nginx': 'nginx.conf', 'envoy': 'envoy.yaml'}[subject]
            config, ports = self.write(file)
            self.spawn(subject, commands[subject] + [str(config)], ports, self.cores if subject == 'mesh' else self.proxy_cores)

    def start_upstream(self):
        files = self.directory / 'files'
        files.mkdir()
        (files / 'large').write_bytes(b'x' * LARGE)
        # Its workers are another user's when root starts it.
        for directory in (self.directory, files):
            directory.chmod(0o755)
        config, ports = self.write('upstream.conf')
        self.spawn('upstream', [program('nginx'), '-e', 'stderr', '-c', str(config)], ports, self.load_cores)
        self.ports['direct'] = {**ports, 'large': ports['h1'], 'mtls': ports['h1']}

    def write(self, file):
        """Fills in a configuration: each @name@ of a listener is a port of its own, of others what this measurement has."""
        text = (HERE / 'peers' / file).read_text()
        own = {name: free_port() for name in dict.fromkeys(re.findall(r'@port:(\w+)@', text))}
        up = self.ports.get('direct', {})
        known = {'dir': str(self.directory), 'name': file, 'certs': str(self.directory / 'certs'), 'body': BODY,
                 **{f'port:{name}': str(port) for name, port in own.items()}, **{f'up:{name}': str(port) for name, port in up.items()}}
        config = self.directory / file
        config.write_text(re.sub(r'@([a-z0-9:_]+)@', lambda match: known[match[1]], text))
        return config, own

    def spawn(self, name, command, ports, cores):
        log = open(self.directory / f'{name}.log', 'w')
        with log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                                       preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.running[name] = process
        self.commands[name] = command
        self.ports[name] = {**ports, 'large': ports['h1']}
        for port in ports.values():
            self.await_port(name, process, port)

    def await_port(self, name, process, port):
        # The launcher may have to build first.
        end = time.monotonic() + 300
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        tail = (self.directory / f'{name}.log').read_text()[-2000:]
        raise RuntimeError(f'{name} does not listen on port {port}:\n{tail}')

    def run_once(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'{" ".join(command)} ended with {done.returncode}:\n{done.stdout}')

    def pin(self, subject):
        for pid in machine.tree(self.running[subject].pid):
            machine.pin(pid, self.proxy_cores)

    def unpin(self, subject):
        if subject == 'mesh':
            machine.pin(self.running[subject].pid, self.cores)

    def load(self, subject, work, shape, rate, seconds):
        pids = machine.tree(self.running[subject].pid) if subject != 'direct' else []
        ours = machine.tree(self.running['upstream'].pid)
        requests = self.directory / 'requests.tsv'
        path = 'large' if work == 'large' else ''
        command = [program('h2load'), *shape, '--duration', f'{seconds * 1000:.0f}ms', '--log-file', str(requests),
                   *([] if rate == 'max' else ['--rps', f'{int(rate) / int(shape[shape.index("--clients") + 1]):g}']),
                   f'http://127.0.0.1:{self.ports[subject][work]}/{path}']
        self.commands[f'load {work}@{rate}'] = command[:-1] + ['URL']
        busy, own, before, begun = machine.busy(), machine.cpu(ours), machine.cpu(pids), time.monotonic()
        child = os.times()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, self.load_cores))
        took, after, now = time.monotonic() - begun, machine.cpu(pids), os.times()
        loaded = now.children_user + now.children_system - child.children_user - child.children_system
        others = machine.busy() - busy - sum(machine.cpu(ours)) + sum(own) - sum(after) + sum(before) - loaded
        if done.returncode != 0 or not requests.exists():
            raise RuntimeError(f'{" ".join(command)} ended with {done.returncode}:\n{done.stdout}')
        try:
            return outcome(requests, seconds, [b - a for a, b in zip(before, after)], pids, others / took)
        except NoAnswer as none:
            raise NoAnswer(f'{subject}, {work}@{rate}: {none}:\n{done.stdout}') from none

    def versions(self, subjects):
        found = {'mesh': commit()}
        for name in ['h2load', *subjects]:
            words = self.VERSION.get(name)
            if words:
                found[name] = told_version([program(name), *words])
        if 'mesh' in self.running:
            found['java'] = told_version([os.readlink(f'/proc/{self.running["mesh"].pid}/exe'), '-version'])
        return found


def outcome(requests, seconds, cpu, pids, others):
    """One round by h2load's own record of each request: when it began, its status, and its microseconds."""
    micros, errors = [], 0
    with open(requests) as lines:
        for line in lines:
            _, status, took = line.split('\t')[:3]
            if status == '200':
                micros.append(int(took))
            else:
                errors += 1
    requests.unlink()
    if not micros:
        raise NoAnswer(f'none of {errors} requests was answered with 200')
    micros.sort()
    result = {'requests': len(micros), 'errors': errors, 'per_second': len(micros) / seconds,
              'p50_us': micros[len(micros) // 2], 'p99_us': micros[len(micros) * 99 // 100], 'other_cores': round(max(0, others), 3)}
    if pids:
        user, system = (each * 1e6 / len(micros) for each in cpu)
        result.update(cpu_us=user + system, user_us=user, system_us=system, rss_mib=machine.rss_mib(pids))
    return result


def told_version(command):
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return next((line.strip() for line in told.splitlines() if re.search(r'\d\.\d', line)), told.strip())


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def commit():
    told = subprocess.run(['git', '-C', str(HERE), 'describe', '--always', '--dirty'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return told.stdout.strip() or 'unknown'
