package mesh.control.replica;

/** What other tests use in place of etcd does the same. */
class LocalBoardsTest extends BoardContract {

    private final LocalBoards boards = new LocalBoards();

    @Override
    protected Board join(String name) {
        return boards.join(name);
    }

    @Override
    protected void leave(Board board) {
        boards.leave(board.name());
    }
}
