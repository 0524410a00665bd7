import java.io.File;
import java.io.FileReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;

/**
 * Runs one Kafka node until its standard input ends, so that it cannot outlive the process that started it.
 * Arguments: properties file, cluster id, then what StorageTool's format needs besides (such as --standalone).
 * The node's folder (the parent of its log.dirs) goes with it; one that is killed instead keeps its data.
 */
public final class KafkaNode {
  public static void main(String[] args) throws Exception {
    String properties = args[0];
    Path data = Path.of(logDirs(properties));
    Thread watch = new Thread(() -> exitAtEndOfInput(data.getParent()), "end-of-input");
    watch.setDaemon(true);
    watch.start();

    if (!Files.exists(data.resolve("meta.properties"))) {
      List<String> format = new ArrayList<>(List.of("format", "-t", args[1], "-c", properties));
      format.addAll(List.of(args).subList(2, args.length));
      int status = kafka.tools.StorageTool.execute(format.toArray(String[]::new), System.err);
      if (status != 0) System.exit(status);
    }
    kafka.Kafka.main(new String[] {properties});
  }

  private static String logDirs(String file) throws IOException {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(file)) {
      properties.load(reader);
    }
    return properties.getProperty("log.dirs");
  }

  private static void exitAtEndOfInput(Path folder) {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException endOfInput) {
      // A broken pipe says the same as its end.
    }
    try (var files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      folder.getParent().toFile().delete(); // Succeeds for the last node of the cluster only.
    } catch (IOException | RuntimeException partlyGone) {
      // The starting process, if it lives, removes what is left.
    }
    Runtime.getRuntime().halt(0);
  }
}
