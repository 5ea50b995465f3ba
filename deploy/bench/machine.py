"""What the kernel says: the machine, the CPU time of processes, and how much of it others took."""
import os
import platform
import time
from pathlib import Path

TICK = os.sysconf('SC_CLK_TCK')


def about(versions):
    cpu = next((line.split(':', 1)[1].strip() for line in Path('/proc/cpuinfo').read_text().splitlines() if line.startswith('model name')), platform.machine())
    memory = int(Path('/proc/meminfo').read_text().split()[1]) // 1024
    return {
        'date': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
        'machine': {'cpu': cpu, 'cores': len(os.sched_getaffinity(0)), 'memory_mib': memory, 'kernel': platform.release()},
        'versions': versions,
    }


def tree(pid):
    """The process and its children: nginx's worker is one."""
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    except OSError:
        return [pid]
    return [pid] + [each for child in children for each in tree(int(child))]


def cpu(pids):
    """User and system seconds so far, in steps of a tick, 10 ms."""
    user = system = 0
    for pid in pids:
        try:
            fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        except OSError:
            continue
        user += int(fields[11])
        system += int(fields[12])
    return user / TICK, system / TICK


def rss_mib(pids):
    total = 0
    for pid in pids:
        for line in Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith('VmRSS:'):
                total += int(line.split()[1])
    return total / 1024


def busy():
    """Seconds that all cores together have worked, for anybody."""
    fields = [int(each) for each in Path('/proc/stat').read_text().splitlines()[0].split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / TICK


def pin(pid, cores):
    """All threads there are; those to come inherit it."""
    for thread in os.listdir(f'/proc/{pid}/task'):
        try:
            os.sched_setaffinity(int(thread), cores)
        except ProcessLookupError:
            pass
